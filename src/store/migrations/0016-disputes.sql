-- What lessons lay down, so that whoever says otherwise finds them, and what is out until a person decides.

alter table lesson_revisions
  -- Digests of the things that the lesson lays down a value for.
  add column things text[] not null default '{}',
  add column attribution jsonb;
create index lesson_revisions_by_thing on lesson_revisions using gin (things)
  where status in ('active', 'disputed');

-- The sides of a dispute: the lesson that was told last, and those it contradicts.
create table disputed_lessons (
  tenant text not null,
  agent text not null,
  dispute text not null check (dispute <> ''),
  lesson text not null,
  revision integer not null,
  -- Told last; serving every task before; in the open bundle before.
  side text not null check (side in ('challenger', 'serving', 'bundled')),
  reason text not null,
  opened_at timestamptz not null default clock_timestamp(),
  decided_at timestamptz,
  -- Whether a person chose its side; null until one has.
  kept boolean,
  primary key (tenant, dispute, lesson, revision),
  foreign key (tenant, agent, lesson, revision) references lesson_revisions,
  check ((decided_at is null) = (kept is null))
);
create index disputed_lessons_open on disputed_lessons (tenant, lesson, revision, agent)
  where decided_at is null;

alter table disputed_lessons enable row level security;
alter table disputed_lessons force row level security;
create policy own_tenant on disputed_lessons to ratchet_app
  using (tenant = current_setting('ratchet.tenant', true));
grant select, insert, update on disputed_lessons to ratchet_app;

-- What is disputed leaves an open bundle again.
grant delete on candidate_lessons to ratchet_app;
