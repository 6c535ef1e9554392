import { z } from 'zod';

import type { AgentId } from '../../domain/ids.js';
import type { ImportedRun } from '../../domain/imported-run.js';
import type { LessonDraft } from '../../domain/lesson.js';
import { digestOf, sha256 } from '../digest.js';
import { parseOr } from '../parse.js';
import { BadRecordError } from './bad-record.js';
import { conversationOf, turnsOf } from './conversation.js';
import { agentNamed, RunId, taskNamed, Text } from './run-fields.js';

const Metadata = z.record(z.string(), z.unknown());

/** What `process_trajectory` of ALTK-Evolve 1.7 takes; it allows no other key, nor does this. */
const Trajectory = z.strictObject({
  messages: z.array(z.unknown()).min(1),
  context_messages: z.array(z.unknown()).default([]),
  tools: z.array(z.unknown()).nullish(),
  trace_id: RunId.nullish(),
  model: Text.nullish(),
  metadata: Metadata.nullish(),
  batch: z
    .strictObject({
      source: Text,
      conversation_id: Text,
      batch_id: Text,
      revision: z.union([Text, z.int()]).transform(String),
      scope: Text.default('default'),
      aliases: z.array(z.unknown()).default([]),
      alias_revisions: Metadata.default({}),
    })
    .nullish(),
  outcome: z
    .strictObject({
      success: z.boolean().nullish(),
      failed_checks: z.array(Text).default([]),
      detail: Text.nullish(),
    })
    .nullish(),
});

/** An entity of its store; of its metadata only what a lesson has a place for is read. */
const Entity = z.object({
  id: z.union([z.string(), z.int()]).transform(String),
  type: z.string(),
  content: z.unknown(),
  metadata: z
    .looseObject({
      task_description: Text.nullish(),
      rationale: Text.nullish(),
      trigger: Text.nullish(),
      category: Text.nullish(),
      implementation_steps: z.array(Text).nullish(),
      support: z.number().nullish(),
      evidence: z.string().nullish(),
      source_task_id: z.union([Text, z.int()]).transform(String).nullish(),
      agent_id: Text.nullish(),
    })
    .nullish(),
});

/** One record of ALTK-Evolve: a run, or a guideline that enters as a proposal. */
export type AltkRecord =
  | { readonly kind: 'run'; readonly run: ImportedRun }
  | { readonly kind: 'lesson'; readonly agent: AgentId; readonly draft: LessonDraft };

export function altkRecord(value: unknown, agent: string | null): AltkRecord {
  const isEntity =
    typeof value === 'object' && value !== null && 'type' in value && 'content' in value;
  return isEntity ? entityRecord(value, agent) : { kind: 'run', run: trajectoryRun(value, agent) };
}

function trajectoryRun(value: unknown, agent: string | null): ImportedRun {
  const given = parseOr(Trajectory, value, 'trajectory');
  const { batch, outcome } = given;
  const where = 'trajectory.messages';
  const model = given.model ?? 'unknown';
  const told = conversationOf(turnsOf(given.messages, where), model, where);
  const context = turnsOf(given.context_messages, 'trajectory.context_messages').flatMap((turn) =>
    'text' in turn ? [turn.text] : [turn.content],
  );
  const success = outcome?.success ?? null;
  const text = (name: string): string | undefined => {
    const found = given.metadata?.[name];
    return typeof found === 'string' && found !== '' ? found : undefined;
  };
  const taskId = text('task_id') ?? `task-${sha256(told.user).slice(0, 12)}`;
  return {
    runId:
      batch == null
        ? (given.trace_id ?? `altk-evolve/${digestOf(given).slice(0, 20)}`)
        : // The identity that ALTK-Evolve gives a batch: the same one is processed once.
          `altk-evolve/${digestOf([batch.scope, batch.source, batch.conversation_id, batch.batch_id, batch.revision]).slice(0, 32)}`,
    agent: agentNamed(agent ?? text('agent_id') ?? 'altk-evolve'),
    task: taskNamed(taskId),
    model,
    input: { request: told.user, ...(context.length === 0 ? {} : { context }) },
    slices: {},
    subject: text('user_id') ?? null,
    system: told.system,
    user: told.user,
    steps: told.steps,
    output: told.output,
    category:
      outcome?.failed_checks[0] ?? (success === null ? 'unknown' : success ? 'ok' : 'failed'),
    detail: outcome?.detail ?? '',
    recorded: {
      format: 'altk-evolve',
      taskId,
      success,
      reward: success === null ? null : success ? 1 : 0,
      turns: told.turns,
      strategy: 'altk-evolve',
    },
  };
}

function entityRecord(value: unknown, agent: string | null): AltkRecord {
  const { id, type, content, metadata } = parseOr(Entity, value, 'entity');
  if (type === 'trajectory' && Array.isArray(content)) {
    const ids = { trace_id: `altk-evolve/entity/${id}`, metadata: metadata ?? {} };
    return { kind: 'run', run: trajectoryRun({ messages: content, ...ids }, agent) };
  }
  if (type !== 'guideline') {
    throw new BadRecordError(
      'NOT_IMPORTABLE',
      'entity.type',
      JSON.stringify(type),
      'guideline, or trajectory with all its messages',
    );
  }
  const text = parseOr(Text.pipe(z.string().min(1)), content, 'entity.content');
  const support = metadata?.support ?? null;
  const owner = agent ?? metadata?.agent_id;
  if (owner == null) {
    const expected = 'whose guideline it is; name an agent with --agent';
    throw new BadRecordError('MALFORMED', 'entity.metadata.agent_id', 'none', expected);
  }
  return {
    kind: 'lesson',
    agent: agentNamed(owner),
    draft: {
      key: `guideline/${sha256(text).slice(0, 16)}`,
      kind: 'rule',
      title: text.split('\n')[0]?.slice(0, 120) ?? '',
      trigger: { predicates: [], when: metadata?.trigger ?? '', notWhen: '' },
      body: { form: 'text', text: [text, ...(metadata?.implementation_steps ?? [])].join('\n') },
      rationale: [
        metadata?.rationale ?? '',
        `imported from ALTK-Evolve, which counted support ${String(support ?? 'unknown')} and evidence ${metadata?.evidence ?? 'unknown'}`,
      ]
        .filter((part) => part !== '')
        .join('; '),
      evidence: [],
      // What it was derived from is not known here: the gate decides, its support does not count.
      sources: [{ channel: 'reflection', principal: `altk-evolve/${id}`, authority: 0 }],
      trust: 'medium',
      toolVersions: {},
    },
  };
}
