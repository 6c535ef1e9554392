import { digestOf } from '../../contracts/digest.js';
import { InvalidInputError } from '../../domain/errors.js';
import type { FeedbackAct } from '../../domain/feedback.js';
import type { EpisodeLabel } from '../../domain/label.js';
import type { CommandContext } from '../command.js';
import { answered, deciding } from '../deciding.js';
import { findEpisode } from '../finding.js';
import { looking } from '../looking.js';
import { instant } from '../numbers.js';
import { textTable } from '../text-table.js';

export interface FeedbackOptions {
  readonly score?: number;
  readonly correction?: string;
  readonly comment?: string;
  readonly audit?: boolean;
  readonly veto?: boolean;
  readonly group?: string;
  readonly id?: string;
}

const SHOWN = 50;

/**
 * Feedback on an episode, or without one the outcomes and pairs that wait for a person. The id of feedback
 * is the hash of who said what of which: said twice it is stored once.
 */
export function giveFeedback(
  text: string | undefined,
  options: FeedbackOptions,
  context: CommandContext,
): Promise<number> {
  if (text === undefined) return listWaiting(options, context);
  const { score = null, correction = null, comment = null, group } = options;
  if (score === null && correction === null && comment === null) {
    throw new InvalidInputError(
      'feedback',
      'nothing said',
      '--score, --correction or --comment, at least one of them',
    );
  }
  const act = actOf(options);
  return deciding(context, async ({ house, look, person }) => {
    const { tenant, episode } = await findEpisode(look, text);
    const said = {
      episode: episode.id,
      actor: person.actor,
      score,
      correction,
      comment,
      ...(group === undefined ? {} : { group }),
      ...(act === 'vote' ? {} : { act }),
    };
    const id = options.id ?? `f-${digestOf(said).slice(0, 24)}`;
    const feedback = { id, ...said, role: person.role };
    const { existing, label } = await answered(house.client.giveFeedback(tenant, feedback));
    const stored = existing
      ? `feedback ${id} was there already`
      : `feedback ${id} stored for ${episode.id}`;
    context.io.result(
      { tenant, ...feedback, existing, label },
      [stored, ...labelLines(label)].join('\n'),
    );
  });
}

function actOf({ audit = false, veto = false }: FeedbackOptions): FeedbackAct {
  if (audit && veto) {
    throw new InvalidInputError('feedback', '--audit and --veto', 'one of them: a veto audits too');
  }
  if (veto) return 'veto';
  return audit ? 'audit' : 'vote';
}

/** What all sources together make of an outcome. */
export function labelLines(label: EpisodeLabel | null): string[] {
  if (label === null) return [];
  const { probability, disagreement, decidedBy, votes } = label;
  const verdict =
    label.label === 'contested'
      ? `contested (${label.reason ?? ''}), waits for ${label.escalatedTo ?? 'nobody'}`
      : `${label.label}, decided by ${decidedBy}`;
  return [
    `label ${verdict}: P(positive) ${probability.toFixed(3)}, disagreement ${disagreement.toFixed(3)}`,
    ...votes.map(
      ({ source, role, label: said, hits, misses }) =>
        `  ${source} (${role}): ${said}; audits ${String(hits)} right, ${String(misses)} wrong`,
    ),
  ];
}

function listWaiting(options: FeedbackOptions, context: CommandContext): Promise<number> {
  const [given] = Object.keys(options);
  if (given !== undefined) {
    throw new InvalidInputError('feedback', `--${given} and no episode`, 'the episode it is about');
  }
  return looking(context, async ({ queries, tenant }) => {
    const waiting = await queries.awaitingReview(tenant, SHOWN);
    const { contested, audits } = waiting;
    const rows = contested.map((row) => [
      row.episode,
      row.agent,
      row.task,
      row.reason,
      row.escalatedTo,
      row.probability.toFixed(2),
      instant(row.since),
    ]);
    const lines = [
      rows.length === 0
        ? 'No outcome waits for a person.'
        : textTable(['episode', 'agent', 'task', 'why', 'waits for', 'P(positive)', 'since'], rows),
      ...audits.map(
        ({ candidate, judge, runs }) =>
          `audit of ${judge} on ${candidate}: say how good each is, without asking whose: ${runs.join(', ')}`,
      ),
    ];
    context.io.result({ tenant, ...waiting }, lines.join('\n'));
    return 0;
  });
}
