-- How far learning has come: whether an episode was reflected upon, and up to which task each workflow
-- that reads outcomes has read everything there is.
create table reflections (
  tenant text not null,
  episode text not null,
  result text not null,
  at timestamptz not null default now(),
  primary key (tenant, episode),
  foreign key (tenant, episode) references episodes
);

alter table reflections enable row level security;
alter table reflections force row level security;
create policy own_tenant on reflections to ratchet_app
  using (tenant = current_setting('ratchet.tenant', true));
grant select, insert, update on reflections to ratchet_app;

alter table outcome_watches add column settled_up_to integer not null default 0
  check (settled_up_to >= 0);
