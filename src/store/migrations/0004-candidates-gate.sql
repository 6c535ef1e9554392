create table candidates (
  tenant text not null,
  candidate text not null,
  agent text not null,
  -- 1, 2, 3, … in the order of opening.
  number integer not null check (number > 0),
  state text not null default 'open' check (
    state in (
      'open', 'evaluating', 'passed', 'waiting', 'canary', 'probation', 'promoted', 'rejected',
      'rolled-back', 'aborted'
    )
  ),
  title text not null,
  permission text not null default 'auto' check (permission in ('frozen', 'approve', 'auto')),
  opener text,
  workflow_id text not null,
  baseline text,
  version text,
  parameters json not null default '{}',
  -- How many baselines it was set against; pairs and gate records carry the number they belong to.
  evaluation integer not null default 0 check (evaluation >= 0),
  -- Number of the last live outcome that its monitor has settled.
  settled_up_to integer not null default 0 check (settled_up_to >= 0),
  reason text not null default '',
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  ended_at timestamptz,
  primary key (tenant, candidate),
  unique (tenant, agent, number),
  foreign key (tenant, agent) references agents,
  foreign key (tenant, agent, baseline) references versions,
  foreign key (tenant, agent, version) references versions,
  check (num_nulls(baseline, version, closed_at) in (0, 3)),
  check ((ended_at is not null) = (state in ('promoted', 'rejected', 'rolled-back', 'aborted')))
);
create index candidates_open on candidates (tenant, agent, number) where state = 'open';

create table candidate_lessons (
  tenant text not null,
  candidate text not null,
  agent text not null,
  lesson text not null,
  -- Null takes the lesson away.
  revision integer,
  -- 1, 2, 3, … in the order in which the bundle took them in.
  position integer not null check (position > 0),
  primary key (tenant, candidate, lesson),
  unique (tenant, candidate, position),
  foreign key (tenant, candidate) references candidates,
  foreign key (tenant, agent, lesson) references lessons,
  foreign key (tenant, agent, lesson, revision) references lesson_revisions
);

create table proposals (
  tenant text not null,
  id text not null,
  agent text not null,
  episode text not null,
  key text not null,
  task_number integer not null check (task_number >= 0),
  -- 0 of the live episode itself, 1 of an exploration after it.
  rank integer not null check (rank in (0, 1)),
  position integer not null check (position >= 0),
  draft json not null,
  rejected_code text,
  rejected_message text,
  result json,
  at timestamptz not null default now(),
  read_at timestamptz,
  primary key (tenant, id),
  unique (tenant, episode, key),
  foreign key (tenant, episode) references episodes,
  check ((rejected_code is null) = (rejected_message is null)),
  check ((result is null) = (read_at is null)),
  check (result is null or rejected_code is null)
);
create index proposals_waiting on proposals (tenant, agent, task_number, rank, position)
  where result is null and rejected_code is null;
create index proposals_by_key on proposals (tenant, agent, key);

create table pairs (
  tenant text not null,
  candidate text not null,
  purpose text not null check (purpose in ('gate', 'diagnosis')),
  evaluation integer not null check (evaluation >= 0),
  number integer not null check (number >= 0),
  task text not null,
  slices jsonb not null,
  top_up_for text,
  baseline_episode text not null,
  baseline_score double precision check (baseline_score between 0 and 1),
  baseline_category text not null,
  baseline_missing text check (baseline_missing in ('infrastructure', 'arm')),
  candidate_episode text not null,
  candidate_score double precision check (candidate_score between 0 and 1),
  candidate_category text not null,
  candidate_missing text check (candidate_missing in ('infrastructure', 'arm')),
  at timestamptz not null default now(),
  primary key (tenant, candidate, purpose, evaluation, number),
  foreign key (tenant, candidate) references candidates
);

create table gate_records (
  tenant text not null,
  candidate text not null,
  number integer not null check (number > 0),
  purpose text not null check (purpose in ('gate', 'diagnosis')),
  evaluation integer not null check (evaluation >= 0),
  agent text not null,
  baseline text not null,
  version text not null,
  -- Hash of the lessons and parameters that were judged; a re-based candidate keeps it.
  bundle_digest text not null,
  verdict text not null,
  reason text not null,
  alpha double precision not null check (alpha >= 0 and alpha <= 1),
  seed bigint not null,
  summary json not null,
  -- Hash of the record itself: writing it again writes nothing.
  digest text not null,
  at timestamptz not null default now(),
  primary key (tenant, candidate, number),
  unique (tenant, candidate, purpose, evaluation, digest),
  check (purpose <> 'gate' or verdict in ('pass', 'reject', 'inconclusive', 'hold')),
  foreign key (tenant, candidate) references candidates,
  foreign key (tenant, agent, baseline) references versions,
  foreign key (tenant, agent, version) references versions
);

-- Which candidates a task of the gate pool was used for.
create table gate_task_uses (
  tenant text not null,
  agent text not null,
  task text not null,
  candidate text not null,
  primary key (tenant, agent, task, candidate),
  foreign key (tenant, agent, task) references tasks,
  foreign key (tenant, candidate) references candidates
);

do $$
declare
  protected text;
begin
  foreach protected in array array[
    'candidates', 'candidate_lessons', 'proposals', 'pairs', 'gate_records', 'gate_task_uses'
  ] loop
    execute format('alter table %I enable row level security', protected);
    execute format('alter table %I force row level security', protected);
    execute format(
      'create policy own_tenant on %I to ratchet_app using (tenant = current_setting(''ratchet.tenant'', true))',
      protected
    );
  end loop;
end $$;

grant select, insert, update on candidates, candidate_lessons to ratchet_app;
grant select, insert on proposals, pairs, gate_records, gate_task_uses to ratchet_app;
grant update (result, read_at) on proposals to ratchet_app;
