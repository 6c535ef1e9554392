-- Outcomes as people, signals and judges see them (GATE 2.7 and 2.8), and the cases that later candidates
-- must not lose (DESIGN 3).

alter table feedback
  -- Sources that err together count as one; the actor alone where it is null.
  add column source_group text,
  -- `audit`: said to check others by; `veto`: an owner's last word.
  add column act text not null default 'vote' check (act in ('vote', 'audit', 'veto'));
create index feedback_by_role on feedback (tenant, role);
create index feedback_by_actor on feedback (tenant, actor, episode);

-- What a subject's next task says of this episode without saying it: one signal at most.
create table signals (
  tenant text not null,
  episode text not null,
  kind text not null check (kind in ('repeat', 'correction', 'thanks', 'abandonment')),
  subject text not null,
  -- The task that said so.
  task text not null,
  at timestamptz not null default now(),
  primary key (tenant, episode),
  foreign key (tenant, episode) references tasks (tenant, episode)
);
create index tasks_by_subject on tasks (tenant, subject, agent, number) where subject is not null;

-- All judgements of an episode combined; written in the transaction of each of them. A contested label has
-- no score, is escalated to a role, and teaches nothing meanwhile.
create table labels (
  tenant text not null,
  episode text not null,
  label text not null check (label in ('positive', 'negative', 'contested')),
  score double precision check (score between 0 and 1),
  decided_by text not null check (decided_by in ('checker', 'veto', 'votes')),
  reason text check (reason in ('uncertain', 'disagreement', 'experts-disagree')),
  probability double precision not null check (probability between 0 and 1),
  disagreement double precision not null check (disagreement between 0 and 0.5),
  escalated_to text check (escalated_to in ('owner', 'expert', 'user')),
  votes json not null,
  at timestamptz not null default now(),
  primary key (tenant, episode),
  foreign key (tenant, episode) references episodes,
  check ((label = 'contested') = (score is null)),
  check ((label = 'contested') = (reason is not null)),
  check ((label = 'contested') = (escalated_to is not null))
);
create index labels_contested on labels (tenant, at) where label = 'contested';

-- Votes on episodes whose truth is known: the only evidence of a source's reliability.
create table audited_votes (
  tenant text not null,
  source text not null,
  episode text not null,
  is_hit boolean not null,
  primary key (tenant, source, episode),
  foreign key (tenant, episode) references episodes
);
create index audited_votes_by_episode on audited_votes (tenant, episode);

-- What a judge said of the two arms of a pair, and what a person or a stronger checker said of the tenth
-- that is audited. A score is null where the judge abstained or nobody has audited it yet.
create table judgements (
  tenant text not null,
  candidate_episode text not null,
  baseline_episode text not null,
  agent text not null,
  candidate text not null,
  -- Digest of everything that makes the judge what it is; audits are pooled by it.
  judge text not null,
  candidate_score double precision check (candidate_score between 0 and 1),
  baseline_score double precision check (baseline_score between 0 and 1),
  -- Every call with its order of outputs and its answer.
  calls json not null,
  audit_due boolean not null,
  audited_candidate double precision check (audited_candidate between 0 and 1),
  audited_baseline double precision check (audited_baseline between 0 and 1),
  auditor text,
  at timestamptz not null default now(),
  primary key (tenant, candidate_episode),
  unique (tenant, baseline_episode, candidate_episode),
  foreign key (tenant, agent) references agents,
  check (num_nulls(candidate_score, baseline_score) in (0, 2))
);
create index judgements_audited on judgements (tenant, judge)
  where audited_candidate is not null and audited_baseline is not null;
create index judgements_due on judgements (tenant, agent, at)
  where audit_due and (audited_candidate is null or audited_baseline is null);

-- The pinned regression set: tasks that a promoted candidate won and its baseline lost.
create table pinned_cases (
  tenant text not null,
  agent text not null,
  task text not null,
  slices jsonb not null,
  candidate text not null,
  at timestamptz not null default now(),
  primary key (tenant, agent, task),
  foreign key (tenant, agent, task) references tasks,
  foreign key (tenant, candidate) references candidates
);

do $$
declare
  protected text;
begin
  foreach protected in array array['signals', 'labels', 'audited_votes', 'judgements', 'pinned_cases'] loop
    execute format('alter table %I enable row level security', protected);
    execute format('alter table %I force row level security', protected);
    execute format(
      'create policy own_tenant on %I to ratchet_app using (tenant = current_setting(''ratchet.tenant'', true))',
      protected
    );
  end loop;
end $$;

grant select, insert on signals to ratchet_app;
grant select, insert, update on labels, judgements to ratchet_app;
grant select, insert, update, delete on audited_votes, pinned_cases to ratchet_app;
