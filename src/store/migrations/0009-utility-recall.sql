-- What a lesson is worth, from tasks that had it and tasks it was held out of; what each recall used and
-- drew; and when a lesson holds.

alter table lesson_revisions add column validity json;

-- Counted over all tasks where the slice is empty, else over those of `key=value`.
create table lesson_utility (
  tenant text not null,
  agent text not null,
  lesson text not null,
  revision integer not null,
  slice text not null,
  treated_successes double precision not null check (treated_successes >= 0),
  treated_failures double precision not null check (treated_failures >= 0),
  held_out_successes double precision not null check (held_out_successes >= 0),
  held_out_failures double precision not null check (held_out_failures >= 0),
  primary key (tenant, agent, lesson, revision, slice),
  foreign key (tenant, agent, lesson, revision) references lesson_revisions
);

-- How far an agent's live outcomes have been counted.
create table utility_cursors (
  tenant text not null,
  agent text not null,
  cursor integer not null check (cursor >= 0),
  passed_over integer[] not null,
  primary key (tenant, agent),
  foreign key (tenant, agent) references agents
);

do $$
declare
  name text;
begin
  foreach name in array array['lesson_utility', 'utility_cursors'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy own_tenant on %I to ratchet_app using (tenant = current_setting(''ratchet.tenant'', true))',
      name);
    execute format('grant select, insert, update on %I to ratchet_app', name);
  end loop;
end $$;

alter table episodes add column recall json;

drop function open_episode(
  text, text, text, text, text, text, text, json, jsonb, text, text, json, text, text, text
);

create function open_episode(
  in_tenant text, in_episode text, in_agent text, in_task text, in_mode text, in_version text,
  in_arm text, in_input json, in_slices jsonb, in_subject text, in_model text, in_recalled json,
  in_system text, in_user text, in_candidate text, in_recall json default null
)
returns boolean
language plpgsql as $$
begin
  insert into episodes (
    tenant, episode, agent, task, number, mode, version, arm, input, slices, subject, model, recalled,
    system_message, user_message, candidate, recall
  ) values (
    in_tenant, in_episode, in_agent, in_task,
    case when in_mode = 'live' then coalesce((
      select t.number from tasks t
      where t.tenant = in_tenant and t.agent = in_agent and t.task = in_task and t.episode = in_episode
    ), 0) else 0 end,
    in_mode, in_version, in_arm, in_input, in_slices, in_subject, in_model, in_recalled,
    in_system, in_user, in_candidate, in_recall
  ) on conflict (tenant, episode) do nothing;
  if not found then return false; end if;

  if in_mode <> 'live' then
    insert into shadow_runs (tenant, agent, day, runs)
      values (in_tenant, in_agent, (now() at time zone 'utc')::date, 1)
      on conflict (tenant, agent, day) do update set runs = shadow_runs.runs + 1;
  end if;
  return true;
end $$;
