import { textTable } from '../cli/text-table.js';
import type { Io } from '../cli/io.js';
import { combineVotes, reliability, voteWeight, type Vote } from '../domain/gate/vote.js';
import { mulberry32, seedOf } from '../domain/random.js';

/** A source of feedback as nature made it; the rule sees its role, its answers and its audits. */
export interface SimulatedSource {
  readonly name: string;
  readonly role: Vote['role'];
  /** Chance of a right answer, and of an answer at all. */
  readonly right: number;
  readonly answers: number;
}

/**
 * The panel of GATE 3.7. How often the honest ones answer is not said there: few owners, more experts,
 * users and a judge mostly do.
 */
export const HONEST: readonly SimulatedSource[] = [
  { name: 'owner', role: 'owner', right: 0.97, answers: 0.1 },
  { name: 'expert', role: 'expert', right: 0.9, answers: 0.4 },
  { name: 'user-1', role: 'user', right: 0.75, answers: 0.6 },
  { name: 'user-2', role: 'user', right: 0.75, answers: 0.6 },
  { name: 'judge', role: 'judge', right: 0.82, answers: 0.8 },
];

export const ADVERSARY: SimulatedSource = {
  name: 'adversary',
  role: 'user',
  right: 0.25,
  answers: 0.6,
};

export interface FeedbackSetting {
  readonly items: number;
  /** Share of items whose truth becomes known. */
  readonly audited: number;
  readonly seed: number;
}

export interface FeedbackRun {
  /** Share of items that were labelled without a person being asked again. */
  readonly decided: number;
  /** Share of the labels so accepted that are wrong. */
  readonly error: number;
  /** The same of the simple majority of the answers, items without one left out. */
  readonly majority: { readonly decided: number; readonly error: number };
  readonly sources: readonly {
    readonly name: string;
    readonly role: Vote['role'];
    readonly right: number;
    readonly answers: number;
    readonly audited: number;
    readonly reliability: number;
    readonly weight: number;
  }[];
}

/**
 * Labels items one after the other by the vote of GATE 2.8, each with what audits have said so far. Every
 * source draws from a stream of its own, so that a run without one of them differs in nothing else.
 */
export function simulateFeedback(
  panel: readonly SimulatedSource[],
  { items, audited, seed }: FeedbackSetting,
): FeedbackRun {
  const world = mulberry32(seedOf('feedback', String(seed)));
  const sources = panel.map((source) => ({
    source,
    draw: mulberry32(seedOf('feedback', String(seed), source.name)),
    hits: 0,
    misses: 0,
  }));
  const accepted = { all: 0, wrong: 0 };
  const majority = { all: 0, wrong: 0 };

  for (let item = 0; item < items; item += 1) {
    const truth = world() < 0.5 ? 'positive' : 'negative';
    const isAudited = world() < audited;
    const votes: Vote[] = [];
    for (const state of sources) {
      const { source, draw, hits, misses } = state;
      // Both are drawn whatever the first says, or one silence would shift all that follows.
      const [speaks, isRight] = [draw() < source.answers, draw() < source.right];
      if (!speaks) continue;
      const other = truth === 'positive' ? 'negative' : 'positive';
      const label = isRight ? truth : other;
      const { name, role } = source;
      votes.push({ source: name, role, group: name, label, hits, misses });
      if (isAudited) state[isRight ? 'hits' : 'misses'] += 1;
    }
    const { label } = combineVotes(votes);
    if (label !== 'contested') count(accepted, label !== truth);
    const inFavour = votes.filter((vote) => vote.label === truth).length;
    if (inFavour * 2 !== votes.length) count(majority, inFavour * 2 < votes.length);
  }

  return {
    decided: accepted.all / items,
    error: shareOf(accepted),
    majority: { decided: majority.all / items, error: shareOf(majority) },
    sources: sources.map(({ source, hits, misses }) => {
      const { name, role, right, answers } = source;
      const learned = reliability({
        source: name,
        role,
        group: name,
        label: 'positive',
        hits,
        misses,
      });
      const weight = voteWeight(learned);
      return { name, role, right, answers, audited: hits + misses, reliability: learned, weight };
    }),
  };
}

function count(tally: { all: number; wrong: number }, isWrong: boolean): void {
  tally.all += 1;
  if (isWrong) tally.wrong += 1;
}

function shareOf({ all, wrong }: { readonly all: number; readonly wrong: number }): number {
  return all === 0 ? 0 : wrong / all;
}

export interface FeedbackReport extends FeedbackSetting {
  /** All sources of section 3.7, the adversary among them. */
  readonly withAdversary: FeedbackRun;
  readonly withoutAdversary: FeedbackRun;
  /** By how much the adversary moves the error of accepted labels. */
  readonly moved: number;
  /** The same adversary where nothing is audited: nobody finds out. */
  readonly movedUnaudited: number;
  /** Three such adversaries of one mind, posing as three users. */
  readonly movedByThree: number;
}

/** The share by which an adversary may move the error of accepted labels. */
export const LARGEST_MOVE = 0.01;

export function reportFeedback(setting: FeedbackSetting): FeedbackReport {
  const withoutAdversary = simulateFeedback(HONEST, setting);
  const withAdversary = simulateFeedback([...HONEST, ADVERSARY], setting);
  const three = [1, 2, 3].map((n) => ({ ...ADVERSARY, name: `adversary-${String(n)}` }));
  const unaudited = { ...setting, audited: 0 };
  return {
    ...setting,
    withAdversary,
    withoutAdversary,
    moved: withAdversary.error - withoutAdversary.error,
    movedUnaudited:
      simulateFeedback([...HONEST, ADVERSARY], unaudited).error -
      simulateFeedback(HONEST, unaudited).error,
    movedByThree: simulateFeedback([...HONEST, ...three], setting).error - withoutAdversary.error,
  };
}

/** Exit code 0 within the bar, 4 beyond it. */
export function runFeedbackBench(options: FeedbackSetting, io: Pick<Io, 'result'>): number {
  const report = reportFeedback(options);
  io.result(report, textOf(report));
  return report.moved <= LARGEST_MOVE ? 0 : 4;
}

function textOf(report: FeedbackReport): string {
  const { items, audited, seed, withAdversary, withoutAdversary } = report;
  const rows = [
    ['weighted vote, with the adversary', withAdversary.decided, withAdversary.error],
    ['weighted vote, without', withoutAdversary.decided, withoutAdversary.error],
    ['simple majority, with', withAdversary.majority.decided, withAdversary.majority.error],
    [
      'simple majority, without',
      withoutAdversary.majority.decided,
      withoutAdversary.majority.error,
    ],
  ] as const;
  return [
    `${String(items)} items, ${percent(audited)} audited, seed ${String(seed)}`,
    '',
    textTable(
      ['rule', 'decided', 'wrong'],
      rows.map(([rule, decided, error]) => [rule, percent(decided), percent(error)]),
    ),
    '',
    textTable(
      ['source', 'role', 'right', 'answers', 'audited', 'learned', 'weight'],
      withAdversary.sources.map((source) => [
        source.name,
        source.role,
        percent(source.right),
        percent(source.answers),
        source.audited,
        source.reliability.toFixed(3),
        source.weight.toFixed(3),
      ]),
    ),
    '',
    `The adversary moves the error of accepted labels by ${points(report.moved)} points (bar ${points(LARGEST_MOVE)});`,
    `three of one mind by ${points(report.movedByThree)}; one by ${points(report.movedUnaudited)} where nothing is audited.`,
  ].join('\n');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function points(share: number): string {
  return (100 * share).toFixed(2);
}
