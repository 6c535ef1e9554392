-- Strategy versions share structure: a version holds what it changes against its parent, and what it
-- serves is found by walking up. Order-preserving `json` is used where a prompt or a hash depends on it.

create table policies (
  tenant text not null,
  agent text not null,
  policy_digest text not null,
  instructions text not null,
  primary key (tenant, agent, policy_digest),
  foreign key (tenant, agent) references agents
);

create table versions (
  tenant text not null,
  agent text not null,
  version text not null,
  parent text,
  policy_digest text not null,
  tool_digests json not null,
  parameters json not null,
  -- The agent's definition that the policy, tools and parameters came from, before anything was learned.
  definition json not null,
  created_at timestamptz not null default now(),
  primary key (tenant, agent, version),
  foreign key (tenant, agent) references agents,
  foreign key (tenant, agent, parent) references versions,
  foreign key (tenant, agent, policy_digest) references policies,
  check (parent is distinct from version)
);

create table lessons (
  tenant text not null,
  agent text not null,
  lesson text not null,
  -- What the lesson is about: equal keys are the same lesson, told again.
  key text not null,
  kind text not null check (kind in ('tool-note', 'rule', 'case', 'procedure', 'parameter')),
  -- 1, 2, 3, … in the order of first proposal; the stable order of every list of lessons.
  ordinal integer not null check (ordinal > 0),
  created_at timestamptz not null default now(),
  primary key (tenant, agent, lesson),
  unique (tenant, agent, key),
  unique (tenant, agent, ordinal),
  foreign key (tenant, agent) references agents
);

create table lesson_revisions (
  tenant text not null,
  agent text not null,
  lesson text not null,
  revision integer not null check (revision > 0),
  content_hash text not null check (content_hash ~ '^[0-9a-f]{64}$'),
  -- Kind, title, trigger and body: what the hash covers.
  content json not null,
  rationale text not null,
  sources json not null,
  trust text not null check (trust in ('low', 'medium', 'high')),
  tool_versions json not null,
  fact json,
  status text not null check (
    status in ('candidate', 'shadow', 'canary', 'active', 'disputed', 'quarantined', 'retired')
  ),
  created_at timestamptz not null default now(),
  primary key (tenant, agent, lesson, revision),
  foreign key (tenant, agent, lesson) references lessons
);

create table evidence (
  tenant text not null,
  agent text not null,
  lesson text not null,
  revision integer not null,
  episode text not null,
  role text not null check (role in ('failure', 'success', 'contrast', 'observation')),
  task text not null,
  steps integer[] not null,
  outcome double precision check (outcome between 0 and 1),
  reliability double precision not null check (reliability between 0 and 1),
  primary key (tenant, agent, lesson, revision, episode, role),
  foreign key (tenant, agent, lesson, revision) references lesson_revisions
);
create index evidence_by_task on evidence (tenant, agent, task);

create table version_lessons (
  tenant text not null,
  agent text not null,
  version text not null,
  lesson text not null,
  -- Null takes the lesson away.
  revision integer,
  primary key (tenant, agent, version, lesson),
  foreign key (tenant, agent, version) references versions,
  foreign key (tenant, agent, lesson) references lessons,
  foreign key (tenant, agent, lesson, revision) references lesson_revisions
);

-- The one row that says what serves an agent's tasks; changed by compare-and-set on `number` alone.
create table pointers (
  tenant text not null,
  agent text not null,
  number integer not null check (number > 0),
  active text not null,
  canary_candidate text,
  canary_version text,
  canary_share double precision check (canary_share >= 0 and canary_share <= 1),
  canary_seed bigint,
  exceptions json not null default '{}',
  pinned text,
  frozen boolean not null default false,
  primary key (tenant, agent),
  foreign key (tenant, agent) references agents,
  foreign key (tenant, agent, active) references versions,
  foreign key (tenant, agent, canary_version) references versions,
  foreign key (tenant, agent, pinned) references versions,
  check (num_nulls(canary_candidate, canary_version, canary_share, canary_seed) in (0, 4))
);

create table pointer_changes (
  tenant text not null,
  agent text not null,
  number integer not null check (number > 0),
  at timestamptz not null default now(),
  active text not null,
  canary json,
  exceptions json not null,
  pinned text,
  frozen boolean not null,
  -- What was asked for; repeating the same request finds its own change by it.
  request_digest text not null,
  audit_sequence integer not null,
  primary key (tenant, agent, number),
  unique (tenant, audit_sequence),
  foreign key (tenant, agent) references agents,
  foreign key (tenant, agent, active) references versions,
  foreign key (tenant, audit_sequence) references audit
);

do $$
declare
  protected text;
begin
  foreach protected in array array[
    'policies', 'versions', 'lessons', 'lesson_revisions', 'evidence', 'version_lessons', 'pointers',
    'pointer_changes'
  ] loop
    execute format('alter table %I enable row level security', protected);
    execute format('alter table %I force row level security', protected);
    execute format(
      'create policy own_tenant on %I to ratchet_app using (tenant = current_setting(''ratchet.tenant'', true))',
      protected
    );
  end loop;
end $$;

grant select, insert on policies, versions, lessons, lesson_revisions, evidence, version_lessons,
  pointer_changes to ratchet_app;
grant update (status) on lesson_revisions to ratchet_app;
grant select, insert, update on pointers to ratchet_app;

-- A version and its ancestors, the version itself at distance 0.
create function ancestry(in_tenant text, in_agent text, in_version text)
returns table (version text, distance integer)
language sql stable as $$
  with recursive chain as (
    select v.version, v.parent, 0 as distance
    from versions v where v.tenant = in_tenant and v.agent = in_agent and v.version = in_version
    union all
    select v.version, v.parent, chain.distance + 1
    from chain join versions v
      on v.tenant = in_tenant and v.agent = in_agent and v.version = chain.parent
  )
  select chain.version, chain.distance from chain
$$;

-- The lessons a version serves: for each lesson, what the nearest ancestor says of it.
create function served_lessons(in_tenant text, in_agent text, in_version text)
returns table (lesson text, revision integer)
language sql stable as $$
  select nearest.lesson, nearest.revision
  from (
    select distinct on (vl.lesson) vl.lesson, vl.revision
    from ancestry(in_tenant, in_agent, in_version) a
    join version_lessons vl
      on vl.tenant = in_tenant and vl.agent = in_agent and vl.version = a.version
    order by vl.lesson, a.distance
  ) nearest
  where nearest.revision is not null
$$;
