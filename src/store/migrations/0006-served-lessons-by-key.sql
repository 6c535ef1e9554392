-- On tables that were filled and not analysed yet the planner takes an agent's rows for one row and
-- joins them with a version's ancestors by trying every pair. `offset 0` makes it look them up by key.
create or replace function served_lessons(in_tenant text, in_agent text, in_version text)
returns table (lesson text, revision integer)
language sql stable as $$
  select nearest.lesson, nearest.revision
  from (
    select distinct on (said.lesson) said.lesson, said.revision
    from ancestry(in_tenant, in_agent, in_version) a
    cross join lateral (
      select vl.lesson, vl.revision from version_lessons vl
      where vl.tenant = in_tenant and vl.agent = in_agent and vl.version = a.version
      offset 0
    ) said
    order by said.lesson, a.distance
  ) nearest
  where nearest.revision is not null
$$;

-- For the same reason an index that begins with tenant and agent is taken for as good as the primary
-- key, and every look-up by key reads all rows of the agent. These begin with what tells rows apart.
alter table lessons
  drop constraint lessons_tenant_agent_key_key,
  drop constraint lessons_tenant_agent_ordinal_key,
  add constraint lessons_by_key unique (tenant, key, agent),
  add constraint lessons_by_ordinal unique (tenant, ordinal, agent);
drop index evidence_by_task;
create index evidence_by_task on evidence (tenant, task, agent);
drop index tasks_by_input;
create index tasks_by_input on tasks (tenant, input_digest, agent);
