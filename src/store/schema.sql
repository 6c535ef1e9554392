create table agents (
  tenant text not null,
  agent text not null,
  tasks integer not null default 0,
  candidates integer not null default 0,
  lessons integer not null default 0,
  learning_up_to integer,
  created_at timestamp with time zone not null default now(),
  imported integer not null default 0,
  constraint agents_pkey PRIMARY KEY (tenant, agent),
  constraint agents_tenant_fkey FOREIGN KEY (tenant) REFERENCES tenants(tenant),
  constraint agents_agent_check CHECK ((agent <> ''::text)),
  constraint agents_candidates_check CHECK ((candidates >= 0)),
  constraint agents_imported_check CHECK ((imported >= 0)),
  constraint agents_learning_up_to_check CHECK ((learning_up_to >= 0)),
  constraint agents_lessons_check CHECK ((lessons >= 0)),
  constraint agents_tasks_check CHECK ((tasks >= 0))
);
row level security enabled and forced on agents;
policy own_tenant on agents for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on agents to ratchet_app;

create table archived_histories (
  tenant text not null,
  workflow_id text not null,
  run_id text not null,
  history json not null,
  archived_at timestamp with time zone not null default now(),
  constraint archived_histories_pkey PRIMARY KEY (tenant, workflow_id, run_id),
  constraint archived_histories_tenant_fkey FOREIGN KEY (tenant) REFERENCES tenants(tenant)
);
row level security enabled and forced on archived_histories;
policy own_tenant on archived_histories for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on archived_histories to ratchet_app;

create table audit (
  tenant text not null,
  sequence integer not null,
  at timestamp with time zone not null,
  actor_id text not null,
  actor_role text not null,
  action text not null,
  object_kind text not null,
  object_id text not null,
  reason text not null,
  detail json not null,
  previous text not null,
  hash text not null,
  constraint audit_pkey PRIMARY KEY (tenant, sequence),
  constraint audit_tenant_fkey FOREIGN KEY (tenant) REFERENCES tenants(tenant),
  constraint audit_action_check CHECK ((action <> ''::text)),
  constraint audit_actor_role_check CHECK ((actor_role = ANY (ARRAY['owner'::text, 'expert'::text, 'user'::text, 'system'::text]))),
  constraint audit_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text)),
  constraint audit_previous_check CHECK ((previous ~ '^[0-9a-f]{64}$'::text)),
  constraint audit_sequence_check CHECK ((sequence > 0))
);
CREATE INDEX audit_by_object ON public.audit USING btree (tenant, object_kind, object_id, sequence);
row level security enabled and forced on audit;
policy own_tenant on audit for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on audit to ratchet_app;

create table audit_heads (
  tenant text not null,
  sequence integer not null default 0,
  hash text not null default repeat('0'::text, 64),
  constraint audit_heads_pkey PRIMARY KEY (tenant),
  constraint audit_heads_tenant_fkey FOREIGN KEY (tenant) REFERENCES tenants(tenant),
  constraint audit_heads_hash_check CHECK ((hash ~ '^[0-9a-f]{64}$'::text)),
  constraint audit_heads_sequence_check CHECK ((sequence >= 0))
);
row level security enabled and forced on audit_heads;
policy own_tenant on audit_heads for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on audit_heads to ratchet_app;

create table audited_votes (
  tenant text not null,
  source text not null,
  episode text not null,
  is_hit boolean not null,
  constraint audited_votes_pkey PRIMARY KEY (tenant, source, episode),
  constraint audited_votes_tenant_episode_fkey FOREIGN KEY (tenant, episode) REFERENCES episodes(tenant, episode)
);
CREATE INDEX audited_votes_by_episode ON public.audited_votes USING btree (tenant, episode);
row level security enabled and forced on audited_votes;
policy own_tenant on audited_votes for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant delete, insert, select, update on audited_votes to ratchet_app;

create table candidate_lessons (
  tenant text not null,
  candidate text not null,
  agent text not null,
  lesson text not null,
  revision integer,
  position integer not null,
  constraint candidate_lessons_pkey PRIMARY KEY (tenant, candidate, lesson),
  constraint candidate_lessons_tenant_candidate_position_key UNIQUE (tenant, candidate, "position"),
  constraint candidate_lessons_tenant_agent_lesson_fkey FOREIGN KEY (tenant, agent, lesson) REFERENCES lessons(tenant, agent, lesson),
  constraint candidate_lessons_tenant_agent_lesson_revision_fkey FOREIGN KEY (tenant, agent, lesson, revision) REFERENCES lesson_revisions(tenant, agent, lesson, revision),
  constraint candidate_lessons_tenant_candidate_fkey FOREIGN KEY (tenant, candidate) REFERENCES candidates(tenant, candidate),
  constraint candidate_lessons_position_check CHECK (("position" > 0))
);
row level security enabled and forced on candidate_lessons;
policy own_tenant on candidate_lessons for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant delete, insert, select, update on candidate_lessons to ratchet_app;

create table candidates (
  tenant text not null,
  candidate text not null,
  agent text not null,
  number integer not null,
  state text not null default 'open'::text,
  title text not null,
  permission text not null default 'auto'::text,
  opener text,
  workflow_id text not null,
  baseline text,
  version text,
  parameters json not null default '{}'::json,
  evaluation integer not null default 0,
  settled_up_to integer not null default 0,
  reason text not null default ''::text,
  opened_at timestamp with time zone not null default now(),
  closed_at timestamp with time zone,
  ended_at timestamp with time zone,
  constraint candidates_pkey PRIMARY KEY (tenant, candidate),
  constraint candidates_tenant_agent_number_key UNIQUE (tenant, agent, number),
  constraint candidates_tenant_agent_baseline_fkey FOREIGN KEY (tenant, agent, baseline) REFERENCES versions(tenant, agent, version),
  constraint candidates_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent),
  constraint candidates_tenant_agent_version_fkey FOREIGN KEY (tenant, agent, version) REFERENCES versions(tenant, agent, version),
  constraint candidates_check CHECK ((num_nulls(baseline, version, closed_at) = ANY (ARRAY[0, 3]))),
  constraint candidates_check1 CHECK (((ended_at IS NOT NULL) = (state = ANY (ARRAY['promoted'::text, 'rejected'::text, 'rolled-back'::text, 'aborted'::text])))),
  constraint candidates_evaluation_check CHECK ((evaluation >= 0)),
  constraint candidates_number_check CHECK ((number > 0)),
  constraint candidates_permission_check CHECK ((permission = ANY (ARRAY['frozen'::text, 'approve'::text, 'auto'::text]))),
  constraint candidates_settled_up_to_check CHECK ((settled_up_to >= 0)),
  constraint candidates_state_check CHECK ((state = ANY (ARRAY['open'::text, 'evaluating'::text, 'passed'::text, 'waiting'::text, 'canary'::text, 'probation'::text, 'promoted'::text, 'rejected'::text, 'rolled-back'::text, 'aborted'::text])))
);
CREATE INDEX candidates_open ON public.candidates USING btree (tenant, agent, number) WHERE (state = 'open'::text);
row level security enabled and forced on candidates;
policy own_tenant on candidates for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on candidates to ratchet_app;

create table disputed_lessons (
  tenant text not null,
  agent text not null,
  dispute text not null,
  lesson text not null,
  revision integer not null,
  side text not null,
  reason text not null,
  opened_at timestamp with time zone not null default clock_timestamp(),
  decided_at timestamp with time zone,
  kept boolean,
  constraint disputed_lessons_pkey PRIMARY KEY (tenant, dispute, lesson, revision),
  constraint disputed_lessons_tenant_agent_lesson_revision_fkey FOREIGN KEY (tenant, agent, lesson, revision) REFERENCES lesson_revisions(tenant, agent, lesson, revision),
  constraint disputed_lessons_check CHECK (((decided_at IS NULL) = (kept IS NULL))),
  constraint disputed_lessons_dispute_check CHECK ((dispute <> ''::text)),
  constraint disputed_lessons_side_check CHECK ((side = ANY (ARRAY['challenger'::text, 'serving'::text, 'bundled'::text])))
);
CREATE INDEX disputed_lessons_open ON public.disputed_lessons USING btree (tenant, lesson, revision, agent) WHERE (decided_at IS NULL);
row level security enabled and forced on disputed_lessons;
policy own_tenant on disputed_lessons for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on disputed_lessons to ratchet_app;

create table effects (
  tenant text not null,
  key text not null,
  request_digest text not null,
  state text not null default 'started'::text,
  attempts integer not null default 1,
  result text,
  started_at timestamp with time zone not null default now(),
  done_at timestamp with time zone,
  constraint effects_pkey PRIMARY KEY (tenant, key),
  constraint effects_tenant_fkey FOREIGN KEY (tenant) REFERENCES tenants(tenant),
  constraint effects_attempts_check CHECK ((attempts > 0)),
  constraint effects_check CHECK (((state = 'done'::text) = ((result IS NOT NULL) AND (done_at IS NOT NULL)))),
  constraint effects_state_check CHECK ((state = ANY (ARRAY['started'::text, 'done'::text])))
);
row level security enabled and forced on effects;
policy own_tenant on effects for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on effects to ratchet_app;

create table episodes (
  tenant text not null,
  episode text not null,
  agent text not null,
  task text not null,
  number integer not null,
  mode text not null,
  version text not null,
  arm text not null,
  input json not null,
  slices jsonb not null,
  subject text,
  model text not null,
  recalled json not null,
  system_message text not null,
  user_message text not null,
  candidate text,
  started_at timestamp with time zone not null default now(),
  task_end text,
  output text,
  informative boolean,
  informative_reason text,
  tokens integer,
  cost_micro_usd bigint,
  ended_at timestamp with time zone,
  run_id text,
  recorded json,
  recall json,
  constraint episodes_pkey PRIMARY KEY (tenant, episode),
  constraint episodes_tenant_agent_version_fkey FOREIGN KEY (tenant, agent, version) REFERENCES versions(tenant, agent, version),
  constraint episodes_arm_check CHECK ((arm = ANY (ARRAY['active'::text, 'canary'::text, 'pinned'::text, 'exception'::text]))),
  constraint episodes_check CHECK (((mode = ANY (ARRAY['live'::text, 'imported'::text])) = (number > 0))),
  constraint episodes_check1 CHECK ((num_nulls(task_end, informative, informative_reason, tokens, cost_micro_usd, ended_at) = ANY (ARRAY[0, 6]))),
  constraint episodes_cost_micro_usd_check CHECK ((cost_micro_usd >= 0)),
  constraint episodes_imported_check CHECK ((((mode = 'imported'::text) = (run_id IS NOT NULL)) AND ((run_id IS NULL) = (recorded IS NULL)))),
  constraint episodes_mode_check CHECK ((mode = ANY (ARRAY['live'::text, 'shadow'::text, 'explore'::text, 'imported'::text]))),
  constraint episodes_number_check CHECK ((number >= 0)),
  constraint episodes_run_id_check CHECK ((run_id <> ''::text)),
  constraint episodes_task_end_check CHECK ((task_end = ANY (ARRAY['done'::text, 'failed'::text, 'cancelled'::text]))),
  constraint episodes_tokens_check CHECK ((tokens >= 0))
);
CREATE UNIQUE INDEX episodes_by_run ON public.episodes USING btree (tenant, run_id) WHERE (run_id IS NOT NULL);
CREATE INDEX episodes_by_start ON public.episodes USING btree (tenant, agent, started_at);
CREATE UNIQUE INDEX episodes_imported ON public.episodes USING btree (tenant, agent, number) WHERE (mode = 'imported'::text);
CREATE UNIQUE INDEX episodes_live ON public.episodes USING btree (tenant, agent, number) WHERE (mode = 'live'::text);
CREATE INDEX episodes_live_by_version ON public.episodes USING btree (tenant, agent, version, number) WHERE (mode = 'live'::text);
CREATE INDEX episodes_live_ended ON public.episodes USING btree (tenant, agent, number, ended_at) WHERE ((mode = 'live'::text) AND (ended_at IS NOT NULL));
row level security enabled and forced on episodes;
policy own_tenant on episodes for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on episodes to ratchet_app;

create table evidence (
  tenant text not null,
  agent text not null,
  lesson text not null,
  revision integer not null,
  episode text not null,
  role text not null,
  task text not null,
  steps integer[] not null,
  outcome double precision,
  reliability double precision not null,
  constraint evidence_pkey PRIMARY KEY (tenant, agent, lesson, revision, episode, role),
  constraint evidence_tenant_agent_lesson_revision_fkey FOREIGN KEY (tenant, agent, lesson, revision) REFERENCES lesson_revisions(tenant, agent, lesson, revision),
  constraint evidence_outcome_check CHECK (((outcome >= (0)::double precision) AND (outcome <= (1)::double precision))),
  constraint evidence_reliability_check CHECK (((reliability >= (0)::double precision) AND (reliability <= (1)::double precision))),
  constraint evidence_role_check CHECK ((role = ANY (ARRAY['failure'::text, 'success'::text, 'contrast'::text, 'observation'::text])))
);
CREATE INDEX evidence_by_task ON public.evidence USING btree (tenant, task, agent);
row level security enabled and forced on evidence;
policy own_tenant on evidence for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on evidence to ratchet_app;
grant delete on evidence to ratchet_eraser;

create table feedback (
  tenant text not null,
  id text not null,
  episode text not null,
  actor text not null,
  role text not null,
  score double precision,
  correction text,
  comment text,
  at timestamp with time zone not null default now(),
  source_group text,
  act text not null default 'vote'::text,
  constraint feedback_pkey PRIMARY KEY (tenant, id),
  constraint feedback_tenant_episode_fkey FOREIGN KEY (tenant, episode) REFERENCES episodes(tenant, episode),
  constraint feedback_act_check CHECK ((act = ANY (ARRAY['vote'::text, 'audit'::text, 'veto'::text]))),
  constraint feedback_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'expert'::text, 'user'::text]))),
  constraint feedback_score_check CHECK (((score >= (0)::double precision) AND (score <= (1)::double precision)))
);
CREATE INDEX feedback_by_actor ON public.feedback USING btree (tenant, actor, episode);
CREATE INDEX feedback_by_episode ON public.feedback USING btree (tenant, episode, at);
CREATE INDEX feedback_by_role ON public.feedback USING btree (tenant, role);
row level security enabled and forced on feedback;
policy own_tenant on feedback for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on feedback to ratchet_app;
grant delete on feedback to ratchet_eraser;

create table gate_records (
  tenant text not null,
  candidate text not null,
  number integer not null,
  purpose text not null,
  evaluation integer not null,
  agent text not null,
  baseline text not null,
  version text not null,
  bundle_digest text not null,
  verdict text not null,
  reason text not null,
  alpha double precision not null,
  seed bigint not null,
  summary json not null,
  digest text not null,
  at timestamp with time zone not null default now(),
  constraint gate_records_pkey PRIMARY KEY (tenant, candidate, number),
  constraint gate_records_tenant_candidate_purpose_evaluation_digest_key UNIQUE (tenant, candidate, purpose, evaluation, digest),
  constraint gate_records_tenant_agent_baseline_fkey FOREIGN KEY (tenant, agent, baseline) REFERENCES versions(tenant, agent, version),
  constraint gate_records_tenant_agent_version_fkey FOREIGN KEY (tenant, agent, version) REFERENCES versions(tenant, agent, version),
  constraint gate_records_tenant_candidate_fkey FOREIGN KEY (tenant, candidate) REFERENCES candidates(tenant, candidate),
  constraint gate_records_alpha_check CHECK (((alpha >= (0)::double precision) AND (alpha <= (1)::double precision))),
  constraint gate_records_check CHECK (((purpose <> 'gate'::text) OR (verdict = ANY (ARRAY['pass'::text, 'reject'::text, 'inconclusive'::text, 'hold'::text])))),
  constraint gate_records_evaluation_check CHECK ((evaluation >= 0)),
  constraint gate_records_number_check CHECK ((number > 0)),
  constraint gate_records_purpose_check CHECK ((purpose = ANY (ARRAY['gate'::text, 'diagnosis'::text])))
);
row level security enabled and forced on gate_records;
policy own_tenant on gate_records for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on gate_records to ratchet_app;

create table gate_task_uses (
  tenant text not null,
  agent text not null,
  task text not null,
  candidate text not null,
  constraint gate_task_uses_pkey PRIMARY KEY (tenant, agent, task, candidate),
  constraint gate_task_uses_tenant_agent_task_fkey FOREIGN KEY (tenant, agent, task) REFERENCES tasks(tenant, agent, task),
  constraint gate_task_uses_tenant_candidate_fkey FOREIGN KEY (tenant, candidate) REFERENCES candidates(tenant, candidate)
);
row level security enabled and forced on gate_task_uses;
policy own_tenant on gate_task_uses for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on gate_task_uses to ratchet_app;

create table judgements (
  tenant text not null,
  candidate_episode text not null,
  baseline_episode text not null,
  agent text not null,
  candidate text not null,
  judge text not null,
  candidate_score double precision,
  baseline_score double precision,
  calls json not null,
  audit_due boolean not null,
  audited_candidate double precision,
  audited_baseline double precision,
  auditor text,
  at timestamp with time zone not null default now(),
  constraint judgements_pkey PRIMARY KEY (tenant, candidate_episode),
  constraint judgements_tenant_baseline_episode_candidate_episode_key UNIQUE (tenant, baseline_episode, candidate_episode),
  constraint judgements_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent),
  constraint judgements_audited_baseline_check CHECK (((audited_baseline >= (0)::double precision) AND (audited_baseline <= (1)::double precision))),
  constraint judgements_audited_candidate_check CHECK (((audited_candidate >= (0)::double precision) AND (audited_candidate <= (1)::double precision))),
  constraint judgements_baseline_score_check CHECK (((baseline_score >= (0)::double precision) AND (baseline_score <= (1)::double precision))),
  constraint judgements_candidate_score_check CHECK (((candidate_score >= (0)::double precision) AND (candidate_score <= (1)::double precision))),
  constraint judgements_check CHECK ((num_nulls(candidate_score, baseline_score) = ANY (ARRAY[0, 2])))
);
CREATE INDEX judgements_audited ON public.judgements USING btree (tenant, judge) WHERE ((audited_candidate IS NOT NULL) AND (audited_baseline IS NOT NULL));
CREATE INDEX judgements_due ON public.judgements USING btree (tenant, agent, at) WHERE (audit_due AND ((audited_candidate IS NULL) OR (audited_baseline IS NULL)));
row level security enabled and forced on judgements;
policy own_tenant on judgements for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on judgements to ratchet_app;

create table labels (
  tenant text not null,
  episode text not null,
  label text not null,
  score double precision,
  decided_by text not null,
  reason text,
  probability double precision not null,
  disagreement double precision not null,
  escalated_to text,
  votes json not null,
  at timestamp with time zone not null default now(),
  constraint labels_pkey PRIMARY KEY (tenant, episode),
  constraint labels_tenant_episode_fkey FOREIGN KEY (tenant, episode) REFERENCES episodes(tenant, episode),
  constraint labels_check CHECK (((label = 'contested'::text) = (score IS NULL))),
  constraint labels_check1 CHECK (((label = 'contested'::text) = (reason IS NOT NULL))),
  constraint labels_check2 CHECK (((label = 'contested'::text) = (escalated_to IS NOT NULL))),
  constraint labels_decided_by_check CHECK ((decided_by = ANY (ARRAY['checker'::text, 'veto'::text, 'votes'::text]))),
  constraint labels_disagreement_check CHECK (((disagreement >= (0)::double precision) AND (disagreement <= (0.5)::double precision))),
  constraint labels_escalated_to_check CHECK ((escalated_to = ANY (ARRAY['owner'::text, 'expert'::text, 'user'::text]))),
  constraint labels_label_check CHECK ((label = ANY (ARRAY['positive'::text, 'negative'::text, 'contested'::text]))),
  constraint labels_probability_check CHECK (((probability >= (0)::double precision) AND (probability <= (1)::double precision))),
  constraint labels_reason_check CHECK ((reason = ANY (ARRAY['uncertain'::text, 'disagreement'::text, 'experts-disagree'::text]))),
  constraint labels_score_check CHECK (((score >= (0)::double precision) AND (score <= (1)::double precision)))
);
CREATE INDEX labels_contested ON public.labels USING btree (tenant, at) WHERE (label = 'contested'::text);
row level security enabled and forced on labels;
policy own_tenant on labels for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on labels to ratchet_app;
grant delete on labels to ratchet_eraser;

create table learner_journal (
  tenant text not null,
  agent text not null,
  number integer not null,
  entry jsonb not null,
  at timestamp with time zone not null default now(),
  constraint learner_journal_pkey PRIMARY KEY (tenant, agent, number),
  constraint learner_journal_number_check CHECK ((number > 0))
);
row level security enabled and forced on learner_journal;
policy own_tenant on learner_journal for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on learner_journal to ratchet_app;

create table learning_spend (
  tenant text not null,
  agent text not null,
  day date not null,
  tokens bigint not null default 0,
  cost_micro_usd bigint not null default 0,
  largest_tokens bigint not null default 0,
  largest_micro_usd bigint not null default 0,
  under_way integer not null default 0,
  constraint learning_spend_pkey PRIMARY KEY (tenant, agent, day),
  constraint learning_spend_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent),
  constraint learning_spend_cost_micro_usd_check CHECK ((cost_micro_usd >= 0)),
  constraint learning_spend_largest_micro_usd_check CHECK ((largest_micro_usd >= 0)),
  constraint learning_spend_largest_tokens_check CHECK ((largest_tokens >= 0)),
  constraint learning_spend_tokens_check CHECK ((tokens >= 0)),
  constraint learning_spend_under_way_check CHECK ((under_way >= 0))
);
row level security enabled and forced on learning_spend;
policy own_tenant on learning_spend for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on learning_spend to ratchet_app;

create table lesson_embeddings (
  tenant text not null,
  agent text not null,
  content_hash text not null,
  model text not null,
  dimensions integer not null,
  embedding real[] not null,
  constraint lesson_embeddings_pkey PRIMARY KEY (tenant, content_hash, model, agent),
  constraint lesson_embeddings_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent),
  constraint lesson_embeddings_check CHECK ((cardinality(embedding) = dimensions)),
  constraint lesson_embeddings_content_hash_check CHECK ((content_hash ~ '^[0-9a-f]{64}$'::text)),
  constraint lesson_embeddings_dimensions_check CHECK (((dimensions >= 1) AND (dimensions <= 4000)))
);
row level security enabled and forced on lesson_embeddings;
policy own_tenant on lesson_embeddings for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on lesson_embeddings to ratchet_app;

create table lesson_revisions (
  tenant text not null,
  agent text not null,
  lesson text not null,
  revision integer not null,
  content_hash text not null,
  content json not null,
  rationale text not null,
  sources json not null,
  trust text not null,
  tool_versions json not null,
  fact json,
  status text not null,
  created_at timestamp with time zone not null default now(),
  validity json,
  things text[] not null default '{}'::text[],
  attribution jsonb,
  constraint lesson_revisions_pkey PRIMARY KEY (tenant, agent, lesson, revision),
  constraint lesson_revisions_tenant_agent_lesson_fkey FOREIGN KEY (tenant, agent, lesson) REFERENCES lessons(tenant, agent, lesson),
  constraint lesson_revisions_content_hash_check CHECK ((content_hash ~ '^[0-9a-f]{64}$'::text)),
  constraint lesson_revisions_revision_check CHECK ((revision > 0)),
  constraint lesson_revisions_status_check CHECK ((status = ANY (ARRAY['candidate'::text, 'shadow'::text, 'canary'::text, 'active'::text, 'disputed'::text, 'quarantined'::text, 'retired'::text]))),
  constraint lesson_revisions_trust_check CHECK ((trust = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text])))
);
CREATE INDEX lesson_revisions_by_content ON public.lesson_revisions USING btree (tenant, content_hash, agent);
CREATE INDEX lesson_revisions_by_thing ON public.lesson_revisions USING gin (things) WHERE (status = ANY (ARRAY['active'::text, 'disputed'::text]));
row level security enabled and forced on lesson_revisions;
policy own_tenant on lesson_revisions for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update (status) on lesson_revisions to ratchet_app;
grant update (rationale, sources) on lesson_revisions to ratchet_eraser;

create table lesson_utility (
  tenant text not null,
  agent text not null,
  lesson text not null,
  revision integer not null,
  slice text not null,
  treated_successes double precision not null,
  treated_failures double precision not null,
  held_out_successes double precision not null,
  held_out_failures double precision not null,
  constraint lesson_utility_pkey PRIMARY KEY (tenant, agent, lesson, revision, slice),
  constraint lesson_utility_tenant_agent_lesson_revision_fkey FOREIGN KEY (tenant, agent, lesson, revision) REFERENCES lesson_revisions(tenant, agent, lesson, revision),
  constraint lesson_utility_held_out_failures_check CHECK ((held_out_failures >= (0)::double precision)),
  constraint lesson_utility_held_out_successes_check CHECK ((held_out_successes >= (0)::double precision)),
  constraint lesson_utility_treated_failures_check CHECK ((treated_failures >= (0)::double precision)),
  constraint lesson_utility_treated_successes_check CHECK ((treated_successes >= (0)::double precision))
);
row level security enabled and forced on lesson_utility;
policy own_tenant on lesson_utility for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on lesson_utility to ratchet_app;

create table lessons (
  tenant text not null,
  agent text not null,
  lesson text not null,
  key text not null,
  kind text not null,
  ordinal integer not null,
  created_at timestamp with time zone not null default now(),
  constraint lessons_pkey PRIMARY KEY (tenant, agent, lesson),
  constraint lessons_by_key UNIQUE (tenant, key, agent),
  constraint lessons_by_ordinal UNIQUE (tenant, ordinal, agent),
  constraint lessons_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent),
  constraint lessons_kind_check CHECK ((kind = ANY (ARRAY['tool-note'::text, 'rule'::text, 'case'::text, 'procedure'::text, 'parameter'::text]))),
  constraint lessons_ordinal_check CHECK ((ordinal > 0))
);
row level security enabled and forced on lessons;
policy own_tenant on lessons for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on lessons to ratchet_app;

create table lineage (
  tenant text not null,
  from_kind text not null,
  from_id text not null,
  to_kind text not null,
  to_id text not null,
  constraint lineage_pkey PRIMARY KEY (tenant, from_kind, from_id, to_kind, to_id),
  constraint lineage_tenant_fkey FOREIGN KEY (tenant) REFERENCES tenants(tenant),
  constraint lineage_from_kind_check CHECK ((from_kind = ANY (ARRAY['episode'::text, 'lesson'::text, 'version'::text, 'candidate'::text]))),
  constraint lineage_to_kind_check CHECK ((to_kind = ANY (ARRAY['lesson'::text, 'episode'::text, 'proposal'::text, 'candidate'::text])))
);
CREATE INDEX lineage_backwards ON public.lineage USING btree (tenant, to_kind, to_id);
row level security enabled and forced on lineage;
policy own_tenant on lineage for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on lineage to ratchet_app;

create table live_judgements (
  tenant text not null,
  agent text not null,
  day date not null,
  judgements integer not null,
  constraint live_judgements_pkey PRIMARY KEY (tenant, agent, day),
  constraint live_judgements_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent),
  constraint live_judgements_judgements_check CHECK ((judgements > 0))
);
row level security enabled and forced on live_judgements;
policy own_tenant on live_judgements for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on live_judgements to ratchet_app;

create table outcome_watches (
  tenant text not null,
  agent text not null,
  workflow_id text not null,
  wake boolean not null default false,
  settled_up_to integer not null default 0,
  constraint outcome_watches_pkey PRIMARY KEY (tenant, agent, workflow_id),
  constraint outcome_watches_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent),
  constraint outcome_watches_settled_up_to_check CHECK ((settled_up_to >= 0))
);
row level security enabled and forced on outcome_watches;
policy own_tenant on outcome_watches for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant delete, insert, select, update on outcome_watches to ratchet_app;

create table outcomes (
  tenant text not null,
  episode text not null,
  score double precision,
  evaluator text not null,
  source text not null,
  category text not null,
  detail text not null,
  missing text,
  at timestamp with time zone not null default now(),
  constraint outcomes_pkey PRIMARY KEY (tenant, episode),
  constraint outcomes_tenant_episode_fkey FOREIGN KEY (tenant, episode) REFERENCES episodes(tenant, episode),
  constraint outcomes_check CHECK (((missing IS NULL) OR (score IS NULL) OR ((missing = 'arm'::text) AND (score = (0)::double precision)))),
  constraint outcomes_missing_check CHECK ((missing = ANY (ARRAY['infrastructure'::text, 'arm'::text]))),
  constraint outcomes_score_check CHECK (((score >= (0)::double precision) AND (score <= (1)::double precision))),
  constraint outcomes_source_check CHECK ((source = ANY (ARRAY['checker'::text, 'person'::text, 'environment'::text, 'judge'::text, 'user'::text, 'implicit'::text, 'none'::text])))
);
row level security enabled and forced on outcomes;
policy own_tenant on outcomes for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update (at, category, detail, evaluator, missing, score, source) on outcomes to ratchet_app;

create table pairs (
  tenant text not null,
  candidate text not null,
  purpose text not null,
  evaluation integer not null,
  number integer not null,
  task text not null,
  slices jsonb not null,
  top_up_for text,
  baseline_episode text not null,
  baseline_score double precision,
  baseline_category text not null,
  baseline_missing text,
  candidate_episode text not null,
  candidate_score double precision,
  candidate_category text not null,
  candidate_missing text,
  at timestamp with time zone not null default now(),
  replicates jsonb,
  baseline_cost double precision,
  candidate_cost double precision,
  constraint pairs_pkey PRIMARY KEY (tenant, candidate, purpose, evaluation, number),
  constraint pairs_tenant_candidate_fkey FOREIGN KEY (tenant, candidate) REFERENCES candidates(tenant, candidate),
  constraint pairs_baseline_cost_check CHECK ((baseline_cost >= (0)::double precision)),
  constraint pairs_baseline_missing_check CHECK ((baseline_missing = ANY (ARRAY['infrastructure'::text, 'arm'::text]))),
  constraint pairs_baseline_score_check CHECK (((baseline_score >= (0)::double precision) AND (baseline_score <= (1)::double precision))),
  constraint pairs_candidate_cost_check CHECK ((candidate_cost >= (0)::double precision)),
  constraint pairs_candidate_missing_check CHECK ((candidate_missing = ANY (ARRAY['infrastructure'::text, 'arm'::text]))),
  constraint pairs_candidate_score_check CHECK (((candidate_score >= (0)::double precision) AND (candidate_score <= (1)::double precision))),
  constraint pairs_evaluation_check CHECK ((evaluation >= 0)),
  constraint pairs_number_check CHECK ((number >= 0)),
  constraint pairs_purpose_check CHECK ((purpose = ANY (ARRAY['gate'::text, 'diagnosis'::text])))
);
row level security enabled and forced on pairs;
policy own_tenant on pairs for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on pairs to ratchet_app;

create table pinned_cases (
  tenant text not null,
  agent text not null,
  task text not null,
  slices jsonb not null,
  candidate text not null,
  at timestamp with time zone not null default now(),
  constraint pinned_cases_pkey PRIMARY KEY (tenant, agent, task),
  constraint pinned_cases_tenant_agent_task_fkey FOREIGN KEY (tenant, agent, task) REFERENCES tasks(tenant, agent, task),
  constraint pinned_cases_tenant_candidate_fkey FOREIGN KEY (tenant, candidate) REFERENCES candidates(tenant, candidate)
);
row level security enabled and forced on pinned_cases;
policy own_tenant on pinned_cases for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant delete, insert, select, update on pinned_cases to ratchet_app;

create table pointer_changes (
  tenant text not null,
  agent text not null,
  number integer not null,
  at timestamp with time zone not null default now(),
  active text not null,
  canary json,
  exceptions json not null,
  pinned text,
  frozen boolean not null,
  request_digest text not null,
  audit_sequence integer not null,
  constraint pointer_changes_pkey PRIMARY KEY (tenant, agent, number),
  constraint pointer_changes_tenant_audit_sequence_key UNIQUE (tenant, audit_sequence),
  constraint pointer_changes_tenant_agent_active_fkey FOREIGN KEY (tenant, agent, active) REFERENCES versions(tenant, agent, version),
  constraint pointer_changes_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent),
  constraint pointer_changes_tenant_audit_sequence_fkey FOREIGN KEY (tenant, audit_sequence) REFERENCES audit(tenant, sequence),
  constraint pointer_changes_number_check CHECK ((number > 0))
);
row level security enabled and forced on pointer_changes;
policy own_tenant on pointer_changes for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on pointer_changes to ratchet_app;

create table pointers (
  tenant text not null,
  agent text not null,
  number integer not null,
  active text not null,
  canary_candidate text,
  canary_version text,
  canary_share double precision,
  canary_seed bigint,
  exceptions json not null default '{}'::json,
  pinned text,
  frozen boolean not null default false,
  constraint pointers_pkey PRIMARY KEY (tenant, agent),
  constraint pointers_tenant_agent_active_fkey FOREIGN KEY (tenant, agent, active) REFERENCES versions(tenant, agent, version),
  constraint pointers_tenant_agent_canary_version_fkey FOREIGN KEY (tenant, agent, canary_version) REFERENCES versions(tenant, agent, version),
  constraint pointers_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent),
  constraint pointers_tenant_agent_pinned_fkey FOREIGN KEY (tenant, agent, pinned) REFERENCES versions(tenant, agent, version),
  constraint pointers_canary_share_check CHECK (((canary_share >= (0)::double precision) AND (canary_share <= (1)::double precision))),
  constraint pointers_check CHECK ((num_nulls(canary_candidate, canary_version, canary_share, canary_seed) = ANY (ARRAY[0, 4]))),
  constraint pointers_number_check CHECK ((number > 0))
);
row level security enabled and forced on pointers;
policy own_tenant on pointers for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on pointers to ratchet_app;

create table policies (
  tenant text not null,
  agent text not null,
  policy_digest text not null,
  instructions text not null,
  constraint policies_pkey PRIMARY KEY (tenant, agent, policy_digest),
  constraint policies_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent)
);
row level security enabled and forced on policies;
policy own_tenant on policies for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on policies to ratchet_app;

create table proposals (
  tenant text not null,
  id text not null,
  agent text not null,
  episode text not null,
  key text not null,
  task_number integer not null,
  rank integer not null,
  position integer not null,
  draft json not null,
  rejected_code text,
  rejected_message text,
  result json,
  at timestamp with time zone not null default now(),
  read_at timestamp with time zone,
  constraint proposals_pkey PRIMARY KEY (tenant, id),
  constraint proposals_tenant_episode_key_key UNIQUE (tenant, episode, key),
  constraint proposals_tenant_episode_fkey FOREIGN KEY (tenant, episode) REFERENCES episodes(tenant, episode),
  constraint proposals_check CHECK (((rejected_code IS NULL) = (rejected_message IS NULL))),
  constraint proposals_check1 CHECK (((result IS NULL) = (read_at IS NULL))),
  constraint proposals_check2 CHECK (((result IS NULL) OR (rejected_code IS NULL))),
  constraint proposals_position_check CHECK (("position" >= 0)),
  constraint proposals_rank_check CHECK ((rank = ANY (ARRAY[0, 1]))),
  constraint proposals_task_number_check CHECK ((task_number >= 0))
);
CREATE INDEX proposals_by_key ON public.proposals USING btree (tenant, agent, key);
CREATE INDEX proposals_waiting ON public.proposals USING btree (tenant, agent, task_number, rank, "position") WHERE ((result IS NULL) AND (rejected_code IS NULL));
row level security enabled and forced on proposals;
policy own_tenant on proposals for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update (read_at, result) on proposals to ratchet_app;
grant delete on proposals to ratchet_eraser;

create table reflections (
  tenant text not null,
  episode text not null,
  result text not null,
  at timestamp with time zone not null default now(),
  constraint reflections_pkey PRIMARY KEY (tenant, episode),
  constraint reflections_tenant_episode_fkey FOREIGN KEY (tenant, episode) REFERENCES episodes(tenant, episode)
);
row level security enabled and forced on reflections;
policy own_tenant on reflections for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on reflections to ratchet_app;

create table schema_migrations (
  number integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint schema_migrations_pkey PRIMARY KEY (number)
);
no row level security on schema_migrations;

create table shadow_runs (
  tenant text not null,
  agent text not null,
  day date not null,
  runs integer not null,
  constraint shadow_runs_pkey PRIMARY KEY (tenant, agent, day),
  constraint shadow_runs_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent),
  constraint shadow_runs_runs_check CHECK ((runs > 0))
);
row level security enabled and forced on shadow_runs;
policy own_tenant on shadow_runs for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on shadow_runs to ratchet_app;

create table signals (
  tenant text not null,
  episode text not null,
  kind text not null,
  subject text not null,
  task text not null,
  at timestamp with time zone not null default now(),
  constraint signals_pkey PRIMARY KEY (tenant, episode),
  constraint signals_tenant_episode_fkey FOREIGN KEY (tenant, episode) REFERENCES tasks(tenant, episode),
  constraint signals_kind_check CHECK ((kind = ANY (ARRAY['repeat'::text, 'correction'::text, 'thanks'::text, 'abandonment'::text])))
);
row level security enabled and forced on signals;
policy own_tenant on signals for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on signals to ratchet_app;

create table steps (
  tenant text not null,
  episode text not null,
  step integer not null,
  kind text not null,
  body json not null,
  at timestamp with time zone not null default now(),
  constraint steps_pkey PRIMARY KEY (tenant, episode, step),
  constraint steps_tenant_episode_fkey FOREIGN KEY (tenant, episode) REFERENCES episodes(tenant, episode),
  constraint steps_kind_check CHECK ((kind = ANY (ARRAY['model'::text, 'tool'::text]))),
  constraint steps_step_check CHECK ((step >= 0))
);
row level security enabled and forced on steps;
policy own_tenant on steps for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on steps to ratchet_app;

create table tasks (
  tenant text not null,
  agent text not null,
  task text not null,
  number integer not null,
  episode text not null,
  input json not null,
  input_digest text not null,
  subject text,
  slices jsonb not null,
  accepted_at timestamp with time zone not null default now(),
  constraint tasks_pkey PRIMARY KEY (tenant, agent, task),
  constraint tasks_tenant_agent_number_key UNIQUE (tenant, agent, number),
  constraint tasks_tenant_episode_key UNIQUE (tenant, episode),
  constraint tasks_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent),
  constraint tasks_number_check CHECK ((number > 0))
);
CREATE INDEX tasks_by_input ON public.tasks USING btree (tenant, input_digest, agent);
CREATE INDEX tasks_by_subject ON public.tasks USING btree (tenant, subject, agent, number) WHERE (subject IS NOT NULL);
row level security enabled and forced on tasks;
policy own_tenant on tasks for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on tasks to ratchet_app;

create table tenants (
  tenant text not null,
  created_at timestamp with time zone not null default now(),
  constraint tenants_pkey PRIMARY KEY (tenant),
  constraint tenants_tenant_check CHECK ((tenant <> ''::text))
);
row level security enabled and forced on tenants;
policy directory on tenants for select to ratchet_directory using true;
policy own_tenant on tenants for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on tenants to ratchet_app;
grant select on tenants to ratchet_directory;

create table utility_cursors (
  tenant text not null,
  agent text not null,
  cursor integer not null,
  passed_over integer[] not null,
  constraint utility_cursors_pkey PRIMARY KEY (tenant, agent),
  constraint utility_cursors_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent),
  constraint utility_cursors_cursor_check CHECK ((cursor >= 0))
);
row level security enabled and forced on utility_cursors;
policy own_tenant on utility_cursors for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select, update on utility_cursors to ratchet_app;

create table version_lessons (
  tenant text not null,
  agent text not null,
  version text not null,
  lesson text not null,
  revision integer,
  constraint version_lessons_pkey PRIMARY KEY (tenant, agent, version, lesson),
  constraint version_lessons_tenant_agent_lesson_fkey FOREIGN KEY (tenant, agent, lesson) REFERENCES lessons(tenant, agent, lesson),
  constraint version_lessons_tenant_agent_lesson_revision_fkey FOREIGN KEY (tenant, agent, lesson, revision) REFERENCES lesson_revisions(tenant, agent, lesson, revision),
  constraint version_lessons_tenant_agent_version_fkey FOREIGN KEY (tenant, agent, version) REFERENCES versions(tenant, agent, version)
);
row level security enabled and forced on version_lessons;
policy own_tenant on version_lessons for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on version_lessons to ratchet_app;

create table versions (
  tenant text not null,
  agent text not null,
  version text not null,
  parent text,
  policy_digest text not null,
  tool_digests json not null,
  parameters json not null,
  definition json not null,
  created_at timestamp with time zone not null default now(),
  constraint versions_pkey PRIMARY KEY (tenant, agent, version),
  constraint versions_tenant_agent_fkey FOREIGN KEY (tenant, agent) REFERENCES agents(tenant, agent),
  constraint versions_tenant_agent_parent_fkey FOREIGN KEY (tenant, agent, parent) REFERENCES versions(tenant, agent, version),
  constraint versions_tenant_agent_policy_digest_fkey FOREIGN KEY (tenant, agent, policy_digest) REFERENCES policies(tenant, agent, policy_digest),
  constraint versions_check CHECK ((parent IS DISTINCT FROM version))
);
row level security enabled and forced on versions;
policy own_tenant on versions for all to ratchet_app using (tenant = current_setting('ratchet.tenant'::text, true));
grant insert, select on versions to ratchet_app;

CREATE OR REPLACE FUNCTION public.accept_task(in_tenant text, in_agent text, in_task text, in_episode text, in_input json, in_digest text, in_subject text, in_slices jsonb)
 RETURNS TABLE(number integer, episode text, input json, input_digest text, subject text, slices jsonb, existing boolean)
 LANGUAGE plpgsql
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.ancestry(in_tenant text, in_agent text, in_version text)
 RETURNS TABLE(version text, distance integer)
 LANGUAGE sql
 STABLE
AS $function$
  with recursive chain as (
    select v.version, v.parent, 0 as distance
    from versions v where v.tenant = in_tenant and v.agent = in_agent and v.version = in_version
    union all
    select v.version, v.parent, chain.distance + 1
    from chain join versions v
      on v.tenant = in_tenant and v.agent = in_agent and v.version = chain.parent
  )
  select chain.version, chain.distance from chain
$function$;

CREATE OR REPLACE FUNCTION public.lock_audit_head(in_tenant text)
 RETURNS TABLE(sequence integer, hash text, at timestamp with time zone)
 LANGUAGE plpgsql
AS $function$
begin
  insert into audit_heads (tenant) values (in_tenant) on conflict do nothing;
  return query
    select head.sequence, head.hash, date_trunc('milliseconds', clock_timestamp())
    from audit_heads head where head.tenant = in_tenant for update;
end $function$;

CREATE OR REPLACE FUNCTION public.open_episode(in_tenant text, in_episode text, in_agent text, in_task text, in_mode text, in_version text, in_arm text, in_input json, in_slices jsonb, in_subject text, in_model text, in_recalled json, in_system text, in_user text, in_candidate text, in_recall json DEFAULT NULL::json)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.record_episode(in_tenant text, in_episode text, in_end text, in_output text, in_informative boolean, in_reason text, in_tokens integer, in_cost bigint, in_score double precision, in_evaluator text, in_source text, in_category text, in_detail text, in_missing text)
 RETURNS TABLE(agent text, wake text[])
 LANGUAGE plpgsql
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.served_lessons(in_tenant text, in_agent text, in_version text)
 RETURNS TABLE(lesson text, revision integer)
 LANGUAGE sql
 STABLE
AS $function$
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
$function$;
