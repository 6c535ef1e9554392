create table tasks (
  tenant text not null,
  agent text not null,
  task text not null,
  -- The order of acceptance: 1, 2, 3, … without gap.
  number integer not null check (number > 0),
  episode text not null,
  -- `json`, not `jsonb`: the order of its keys is the order of the lines in the prompt.
  input json not null,
  input_digest text not null,
  subject text,
  slices jsonb not null,
  accepted_at timestamptz not null default now(),
  primary key (tenant, agent, task),
  unique (tenant, agent, number),
  unique (tenant, episode),
  foreign key (tenant, agent) references agents
);
create index tasks_by_input on tasks (tenant, agent, input_digest);

create table episodes (
  tenant text not null,
  episode text not null,
  agent text not null,
  task text not null,
  -- The task's number in mode live, 0 in the others.
  number integer not null check (number >= 0),
  mode text not null check (mode in ('live', 'shadow', 'explore')),
  version text not null,
  arm text not null check (arm in ('active', 'canary', 'pinned', 'exception')),
  input json not null,
  slices jsonb not null,
  subject text,
  model text not null,
  recalled json not null,
  system_message text not null,
  user_message text not null,
  candidate text,
  started_at timestamptz not null default now(),
  task_end text check (task_end in ('done', 'failed', 'cancelled')),
  output text,
  informative boolean,
  informative_reason text,
  tokens integer check (tokens >= 0),
  cost_micro_usd bigint check (cost_micro_usd >= 0),
  ended_at timestamptz,
  primary key (tenant, episode),
  foreign key (tenant, agent, version) references versions,
  check ((mode = 'live') = (number > 0)),
  check (num_nulls(task_end, informative, informative_reason, tokens, cost_micro_usd, ended_at) in (0, 6))
);
create unique index episodes_live on episodes (tenant, agent, number) where mode = 'live';
create index episodes_live_ended on episodes (tenant, agent, number, ended_at)
  where mode = 'live' and ended_at is not null;
create index episodes_live_by_version on episodes (tenant, agent, version, number) where mode = 'live';
create index episodes_by_start on episodes (tenant, agent, started_at);

create table steps (
  tenant text not null,
  episode text not null,
  step integer not null check (step >= 0),
  kind text not null check (kind in ('model', 'tool')),
  body json not null,
  at timestamptz not null default now(),
  primary key (tenant, episode, step),
  foreign key (tenant, episode) references episodes
);

create table outcomes (
  tenant text not null,
  episode text not null,
  score double precision check (score between 0 and 1),
  evaluator text not null,
  source text not null check (
    source in ('checker', 'person', 'environment', 'judge', 'user', 'implicit', 'none')
  ),
  category text not null,
  detail text not null,
  missing text check (missing in ('infrastructure', 'arm')),
  at timestamptz not null default now(),
  primary key (tenant, episode),
  foreign key (tenant, episode) references episodes,
  check (missing is null or score is null)
);

create table feedback (
  tenant text not null,
  id text not null,
  episode text not null,
  actor text not null,
  role text not null check (role in ('owner', 'expert', 'user')),
  score double precision check (score between 0 and 1),
  correction text,
  comment text,
  at timestamptz not null default now(),
  primary key (tenant, id),
  foreign key (tenant, episode) references episodes
);
create index feedback_by_episode on feedback (tenant, episode, at);

-- What tools do to the world outside, under one effect key each; a row before and an update after.
create table effects (
  tenant text not null references tenants,
  key text not null,
  request_digest text not null,
  state text not null default 'started' check (state in ('started', 'done')),
  attempts integer not null default 1 check (attempts > 0),
  result text,
  started_at timestamptz not null default now(),
  done_at timestamptz,
  primary key (tenant, key),
  check ((state = 'done') = (result is not null and done_at is not null))
);

-- Workflows that read live outcomes. `wake` is up from the outcome they were told of until they read.
create table outcome_watches (
  tenant text not null,
  agent text not null,
  workflow_id text not null,
  wake boolean not null default false,
  primary key (tenant, agent, workflow_id),
  foreign key (tenant, agent) references agents
);

-- Runs that cost the learning budget, counted by UTC day.
create table shadow_runs (
  tenant text not null,
  agent text not null,
  day date not null,
  runs integer not null check (runs > 0),
  primary key (tenant, agent, day),
  foreign key (tenant, agent) references agents
);

create table archived_histories (
  tenant text not null references tenants,
  workflow_id text not null,
  run_id text not null,
  history json not null,
  archived_at timestamptz not null default now(),
  primary key (tenant, workflow_id, run_id)
);

do $$
declare
  protected text;
begin
  foreach protected in array array[
    'tasks', 'episodes', 'steps', 'outcomes', 'feedback', 'effects', 'outcome_watches', 'shadow_runs',
    'archived_histories'
  ] loop
    execute format('alter table %I enable row level security', protected);
    execute format('alter table %I force row level security', protected);
    execute format(
      'create policy own_tenant on %I to ratchet_app using (tenant = current_setting(''ratchet.tenant'', true))',
      protected
    );
  end loop;
end $$;

grant select, insert on tasks, steps, outcomes, feedback, archived_histories to ratchet_app;
grant select, insert, update on episodes, effects, shadow_runs to ratchet_app;
grant select, insert, update, delete on outcome_watches to ratchet_app;

-- Numbers a task and stores it, or answers the one that is there. The agent's row is locked before the
-- second look, so that no number is spent on a task that another call accepts at the same time.
create function accept_task(
  in_tenant text, in_agent text, in_task text, in_episode text, in_input json, in_digest text,
  in_subject text, in_slices jsonb
)
returns table (
  number integer, episode text, input json, input_digest text, subject text, slices jsonb,
  existing boolean
)
language plpgsql as $$
declare
  next integer;
begin
  return query select t.number, t.episode, t.input, t.input_digest, t.subject, t.slices, true
    from tasks t where t.tenant = in_tenant and t.agent = in_agent and t.task = in_task;
  if found then return; end if;

  perform from agents a where a.tenant = in_tenant and a.agent = in_agent for update;
  if not found then
    insert into tenants (tenant) values (in_tenant) on conflict do nothing;
    insert into agents (tenant, agent) values (in_tenant, in_agent) on conflict do nothing;
    perform from agents a where a.tenant = in_tenant and a.agent = in_agent for update;
  end if;

  return query select t.number, t.episode, t.input, t.input_digest, t.subject, t.slices, true
    from tasks t where t.tenant = in_tenant and t.agent = in_agent and t.task = in_task;
  if found then return; end if;

  update agents a set tasks = a.tasks + 1
    where a.tenant = in_tenant and a.agent = in_agent returning a.tasks into next;
  insert into tasks (tenant, agent, task, number, episode, input, input_digest, subject, slices)
    values (in_tenant, in_agent, in_task, next, in_episode, in_input, in_digest, in_subject, in_slices);
  return query select next, in_episode, in_input, in_digest, in_subject, in_slices, false;
end $$;

-- Writes the head of an episode once, and counts a run that serves nobody. False when it was there.
create function open_episode(
  in_tenant text, in_episode text, in_agent text, in_task text, in_mode text, in_version text,
  in_arm text, in_input json, in_slices jsonb, in_subject text, in_model text, in_recalled json,
  in_system text, in_user text, in_candidate text
)
returns boolean
language plpgsql as $$
begin
  insert into episodes (
    tenant, episode, agent, task, number, mode, version, arm, input, slices, subject, model, recalled,
    system_message, user_message, candidate
  ) values (
    in_tenant, in_episode, in_agent, in_task,
    case when in_mode = 'live' then coalesce((
      select t.number from tasks t
      where t.tenant = in_tenant and t.agent = in_agent and t.task = in_task and t.episode = in_episode
    ), 0) else 0 end,
    in_mode, in_version, in_arm, in_input, in_slices, in_subject, in_model, in_recalled,
    in_system, in_user, in_candidate
  ) on conflict (tenant, episode) do nothing;
  if not found then return false; end if;

  if in_mode <> 'live' then
    insert into shadow_runs (tenant, agent, day, runs)
      values (in_tenant, in_agent, (now() at time zone 'utc')::date, 1)
      on conflict (tenant, agent, day) do update set runs = shadow_runs.runs + 1;
  end if;
  return true;
end $$;

-- Ends an episode once, with its outcome and the lessons it used, and raises the flag of every workflow
-- that reads outcomes. Answers the episodes' agent (no row: there is no such episode) and the workflows
-- to signal; when repeated, the ones whose flag is still up, for the first call may not have told them.
create function record_episode(
  in_tenant text, in_episode text, in_end text, in_output text, in_informative boolean, in_reason text,
  in_tokens integer, in_cost bigint, in_score double precision, in_evaluator text, in_source text,
  in_category text, in_detail text, in_missing text
)
returns table (agent text, wake text[])
language plpgsql as $$
declare
  head record;
  woken text[] := '{}';
begin
  update episodes e set
    task_end = in_end, output = in_output, informative = in_informative, informative_reason = in_reason,
    tokens = in_tokens, cost_micro_usd = in_cost, ended_at = clock_timestamp()
  where e.tenant = in_tenant and e.episode = in_episode and e.ended_at is null
  returning e.agent, e.mode, e.number, e.recalled into head;

  if not found then
    return query select e.agent, array(
        select w.workflow_id from outcome_watches w
        where e.mode = 'live' and w.tenant = in_tenant and w.agent = e.agent and w.wake
        order by w.workflow_id
      ) from episodes e where e.tenant = in_tenant and e.episode = in_episode;
    return;
  end if;

  insert into outcomes (tenant, episode, score, evaluator, source, category, detail, missing)
    values (in_tenant, in_episode, in_score, in_evaluator, in_source, in_category, in_detail, in_missing);
  insert into lineage (tenant, from_kind, from_id, to_kind, to_id)
    select in_tenant, 'episode', in_episode, 'lesson',
      (used ->> 'lesson') || '@' || (used ->> 'revision')
    from json_array_elements(head.recalled) used
    on conflict do nothing;

  if head.mode = 'live' and exists (
    select from agents a where a.tenant = in_tenant and a.agent = head.agent
      and (a.learning_up_to is null or head.number <= a.learning_up_to)
  ) then
    -- Locked before the flag is looked at: a reader that cleared it and has not committed might have
    -- missed this outcome, and an update `where not wake` would pass by its uncommitted row.
    with watching as (
      select w.workflow_id, w.wake from outcome_watches w
      where w.tenant = in_tenant and w.agent = head.agent
      order by w.workflow_id for update
    ), raised as (
      update outcome_watches w set wake = true from watching
      where w.tenant = in_tenant and w.agent = head.agent
        and w.workflow_id = watching.workflow_id and not watching.wake
      returning w.workflow_id
    )
    select coalesce(array_agg(raised.workflow_id order by raised.workflow_id), '{}')
      into woken from raised;
  end if;
  return query select head.agent::text, woken;
end $$;
