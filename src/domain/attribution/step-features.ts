import {
  givesAnswer,
  withoutEnd,
  wordsOf,
  type ReadStep,
  type ReadTrajectory,
} from './step-reading.js';

/** One step that may be blamed, with what stands around it. */
interface StepInPlace {
  readonly read: ReadTrajectory;
  readonly step: ReadStep;
  readonly position: number;
  /** Among the steps of agents, from 0. */
  readonly place: number;
  /** Among the steps of directed agents, from 0; null for everybody else's. */
  readonly work: number | null;
  /** What ran because of this step: the next one, where it is the environment's. */
  readonly result: ReadStep | undefined;
  /** What the environment answered just before. */
  readonly given: ReadStep | undefined;
  readonly nextAgent: ReadStep | undefined;
  /** The director's judgement of progress that follows, in small letters. */
  readonly ledger: string;
  /** Largest share of words in common with an earlier step of an agent, 0 … 1. */
  readonly repetition: number;
  readonly firsts: Firsts;
}

/** Positions that only one step of a trajectory has. */
interface Firsts {
  readonly run: number | undefined;
  readonly failure: number | undefined;
  readonly assumption: number | undefined;
  /** The first directed step judged to loop or to make no progress. */
  readonly trouble: number | undefined;
  readonly ofAgent: ReadonlyMap<string, number>;
}

const flag = (is: boolean): number => (is ? 1 : 0);
const countUpTo = (limit: number, text: string, pattern: RegExp): number =>
  Math.min(limit, text.match(pattern)?.length ?? 0);
const isDirected = ({ read }: StepInPlace): boolean => read.directors.size > 0;

const NOTHING_TO_RUN = 'there is no code';
const OBJECTION = /however|issue|incorrect|mistake|wrong|error|appears that|fail|unfortunately/;
const AGREEMENT =
  /^(?:i agree|i concur|great|thank you|yes|the (?:verification|result|calculation)|based on)/;
const ASSUMING =
  /\bassum|hypothetic|\bmock\b|simulat|\bsample\b|example data|placeholder|approximat|synthetic|dummy|\bestimat/g;
const BY_HAND =
  /manual|my knowledge|known (?:data|facts|information)|based on (?:the )?(?:available|known|historical|general|standard)|reference data/;
const CLAIMS = /\bcorrect(?:ly)?\b|verified|confirmed|accurate|validated/g;
const CANNOT =
  /unable|cannot|can't|could not|couldn't|not found|no (?:information|results|data)|did not|does not/g;

/**
 * What is looked at in a step of an agent, by name. All are 0 or 1 unless their comment says more; a
 * feature that is the same for every step of a trajectory would say nothing.
 */
const FEATURES = {
  firstStep: ({ place }) => flag(place === 0),
  /** ln(1 + place) where nobody directs. */
  place: (at) => (isDirected(at) ? 0 : Math.log1p(at.place)),
  /** The agent that opened the chat. */
  opener: (at) => flag(!isDirected(at) && at.step.agent === agentAt(at.read, 0)?.agent),
  /** An agent named after checking. */
  verifier: ({ step }) => flag(/verif|valid|check|review|critic/i.test(step.agent)),

  /** ln(1 + characters) / 5. */
  length: ({ step }) => Math.log1p(step.text.length) / 5,
  /** Share of the question's words that the step holds, 0 … 1. */
  questionWords: (at) => (at.place === 0 ? 0 : sharedWithQuestion(at)),
  /** Share of the question's words that the opening plan leaves out, 0 … 1. */
  planOffQuestion: (at) => (at.place === 0 && !isDirected(at) ? 1 - sharedWithQuestion(at) : 0),
  plans: ({ place, step }) => flag(place > 0 && /\bstep 1\b|\bplan\b|^1\. /m.test(step.lower)),
  /** Words of assumption and made-up data, up to 3. */
  assumes: ({ step }) => countUpTo(3, step.lower, ASSUMING),
  /** The first after the opening that assumes. */
  firstAssumption: ({ firsts, position }) => flag(firsts.assumption === position),
  /** Facts said to be looked up by hand or known anyway. */
  byHand: ({ step }) => flag(BY_HAND.test(step.lower)),
  /** Words of correctness, up to 3. */
  claimsCorrect: ({ step }) => countUpTo(3, step.lower, CLAIMS),
  /** Words of inability, up to 3. */
  cannot: ({ step }) => countUpTo(3, step.lower, CANNOT),
  /** Numbers nobody had shown, and nothing run that could have shown them. */
  unseenNumbers: ({ step, place }) => flag(place > 0 && !step.runs && step.unseenNumbers > 0),
  /** 0 … 1. */
  repeats: ({ repetition }) => repetition,
  endsOnly: ({ step }) => flag(isEndOnly(step)),
  ends: ({ step }) => flag(/terminate/i.test(step.text) && !isEndOnly(step)),
  givesAnswer: ({ read, step }) => flag(givesAnswer(read, step)),

  runs: ({ step }) => flag(step.runs),
  firstRun: ({ firsts, position }) => flag(firsts.run === position),
  runFailed: ({ step, result }) => flag(step.isFailure || result?.isFailure === true),
  firstFailedRun: ({ firsts, position }) => flag(firsts.failure === position),
  emptyResult: ({ result }) =>
    flag(/code output:\s*(?:\[\]|none|\{\})?\s*$/i.test(result?.text ?? '')),
  afterFailure: ({ given }) => flag(given?.isFailure === true),
  afterResult: ({ given }) =>
    flag(given?.isFailure === false && !given.lower.includes(NOTHING_TO_RUN)),
  afterNothingRan: ({ given }) => flag(given?.lower.includes(NOTHING_TO_RUN) === true),

  nextObjects: (at) =>
    flag(!isDirected(at) && OBJECTION.test(at.nextAgent?.lower.slice(0, 400) ?? '')),
  nextAgrees: (at) => flag(!isDirected(at) && AGREEMENT.test(at.nextAgent?.lower.trim() ?? '')),

  /** ln(1 + position) where somebody directs. */
  directedPlace: (at) => (isDirected(at) ? Math.log1p(at.position) : 0),
  replans: ({ step }) => flag(/^\s*stalled/i.test(step.text)),
  declaresEnd: ({ step }) => flag(/^\s*(?:request satisfied|no agent selected)/i.test(step.text)),
  crash: (at) => flag(isDirected(at) && /error processing|traceback/.test(at.step.lower)),
  /** ln(1 + number of directed steps before it). */
  workPlace: ({ work }) => (work === null ? 0 : Math.log1p(work)),
  /** Share of the directed steps before it, 0 … 1. */
  workShare: ({ work, read }) => (work === null ? 0 : work / read.workers.length),
  firstWorkOfAgent: ({ work, firsts, step, position }) =>
    flag(work !== null && firsts.ofAgent.get(step.agent) === position),
  /** 0 … 1. */
  workRepeats: ({ work, repetition }) => (work === null ? 0 : repetition),
  judgedLoop: ({ ledger }) => flag(isLooping(ledger)),
  judgedNoProgress: ({ ledger }) => flag(isStuck(ledger)),
  /** Comes after a step that was judged to loop or to make no progress. */
  afterTrouble: ({ firsts, position }) => flag((firsts.trouble ?? Infinity) < position),
  judgedDone: ({ ledger }) => flag(judged(ledger, 'is_request_satisfied') === true),
} as const satisfies Readonly<Record<string, (at: StepInPlace) => number>>;

export type FeatureName = keyof typeof FEATURES;

const isFeatureName = (name: string): name is FeatureName => name in FEATURES;

/** Names in the order in which `featuresOf` gives the values. */
export const FEATURE_NAMES: readonly FeatureName[] = Object.keys(FEATURES).filter(isFeatureName);

/** The features of every step that may be blamed, in the order of `read.agents`. */
export function featuresOf(read: ReadTrajectory): readonly (readonly number[])[] {
  return stepsInPlace(read).map((at) => FEATURE_NAMES.map((name) => FEATURES[name](at)));
}

function stepsInPlace(read: ReadTrajectory): readonly StepInPlace[] {
  const { steps, agents, workers } = read;
  const workOf = new Map(workers.map((position, work) => [position, work]));
  const firsts = firstsOf(read);
  const repetitions = repetitionsOf(read);
  return agents.flatMap((position, place) => {
    const step = steps[position];
    if (step === undefined) return [];
    const work = workOf.get(position) ?? null;
    return [
      {
        read,
        step,
        position,
        place,
        work,
        result: ofEnvironment(steps[position + 1]),
        given: ofEnvironment(steps[position - 1]),
        nextAgent: agentAt(read, place + 1),
        ledger: work === null ? '' : ledgerAfter(steps, position),
        repetition: repetitions[place] ?? 0,
        firsts,
      },
    ];
  });
}

function agentAt({ agents, steps }: ReadTrajectory, place: number): ReadStep | undefined {
  const position = agents[place];
  return position === undefined ? undefined : steps[position];
}

function ofEnvironment(step: ReadStep | undefined): ReadStep | undefined {
  return step?.speaker === 'environment' ? step : undefined;
}

function firstsOf({ agents, steps, workers }: ReadTrajectory): Firsts {
  const ofAgent = new Map<string, number>();
  for (const position of agents) {
    const agent = steps[position]?.agent ?? '';
    if (!ofAgent.has(agent)) ofAgent.set(agent, position);
  }
  return {
    run: agents.find((position) => steps[position]?.runs),
    failure: agents.find((position) => {
      const result = ofEnvironment(steps[position + 1]);
      return steps[position]?.isFailure === true || result?.isFailure === true;
    }),
    assumption: agents
      .slice(1)
      .find((position) => countUpTo(1, steps[position]?.lower ?? '', ASSUMING) > 0),
    trouble: workers.find((position) => {
      const ledger = ledgerAfter(steps, position);
      return isLooping(ledger) || isStuck(ledger);
    }),
    ofAgent,
  };
}

/** Earlier steps that one is compared with: loops are short, and a trajectory may be very long. */
const COMPARED_STEPS = 50;

function repetitionsOf({ agents, steps }: ReadTrajectory): readonly number[] {
  const words = agents.map((position) => steps[position]?.words ?? new Set<string>());
  return words.map((own, place) =>
    words
      .slice(Math.max(0, place - COMPARED_STEPS), place)
      .reduce((most, earlier) => Math.max(most, likeness(own, earlier)), 0),
  );
}

/** Words in common over words in all (Jaccard), 0 … 1. */
function likeness(some: ReadonlySet<string>, others: ReadonlySet<string>): number {
  let common = 0;
  for (const word of some) if (others.has(word)) common += 1;
  const all = some.size + others.size - common;
  return all === 0 ? 0 : common / all;
}

/** Steps after a directed one within which the director judges it. */
const LEDGER_WITHIN = 3;

function ledgerAfter(steps: readonly ReadStep[], position: number): string {
  const following = steps.slice(position + 1, position + 1 + LEDGER_WITHIN);
  return following.find(({ lower }) => /^\s*updated ledger/.test(lower))?.lower ?? '';
}

/** What a ledger answers under a key, where it does. */
function judged(ledger: string, key: string): boolean | undefined {
  const from = ledger.indexOf(`"${key}"`);
  if (from < 0) return undefined;
  const answer = /"answer":\s*(true|false)/.exec(ledger.slice(from, from + 1_500));
  return answer === null ? undefined : answer[1] === 'true';
}

const isLooping = (ledger: string): boolean => judged(ledger, 'is_in_loop') === true;
const isStuck = (ledger: string): boolean => judged(ledger, 'is_progress_being_made') === false;

/** An opening message repeats the question, which is no word on it: that part does not count. */
function sharedWithQuestion({ read, step, place }: StepInPlace): number {
  if (read.question.size === 0) return 0;
  const own = place > 0 ? step.words : wordsOf(step.text.replace(read.questionText, ''));
  const shared = [...read.question].filter((word) => own.has(word));
  return shared.length / read.question.size;
}

function isEndOnly({ text }: ReadStep): boolean {
  return withoutEnd(text).length <= 2;
}
