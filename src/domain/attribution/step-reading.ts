import { agentName, speakersOf, type FailedTrajectory, type Speaker } from './failed-trajectory.js';

/** Longest text of one step that is read, in characters. */
const MAX_READ_CHARACTERS = 20_000;
/** Words of one step by which repetition is told. */
const MAX_WORDS = 400;

const WORD = /[\p{L}\p{N}]+/gu;
const NUMBER = /\d[\d,]*(?:\.\d+)?/g;
const FILLING: ReadonlySet<string> = new Set(
  (
    'the and for with from that this these those which what who how many much not does did will ' +
    'would should can could you your our they their them his her she has have had was were are been ' +
    'but about into than then there where when its any all please solve problem carefully task'
  ).split(' '),
);

/** One step, taken apart. */
export interface ReadStep {
  readonly agent: string;
  readonly speaker: Speaker;
  readonly text: string;
  /** `text` in small letters. */
  readonly lower: string;
  readonly words: ReadonlySet<string>;
  readonly numbers: ReadonlySet<string>;
  /** Numbers of two characters and more that neither question nor an earlier step holds. */
  readonly unseenNumbers: number;
  /** It holds a block of code or calls a tool. */
  readonly runs: boolean;
  /** What it called, or what it is the answer of, met an error. */
  readonly isFailure: boolean;
}

/** A trajectory, taken apart once for all features. */
export interface ReadTrajectory {
  readonly questionText: string;
  readonly question: ReadonlySet<string>;
  readonly steps: readonly ReadStep[];
  /** Positions of the steps that can be blamed. */
  readonly agents: readonly number[];
  /** Agents that plan, choose who speaks and judge progress while others do the work. */
  readonly directors: ReadonlySet<string>;
  /** Positions of the steps of those they direct; empty where nobody directs. */
  readonly workers: readonly number[];
  /** Words of the final answer that the question does not hold. */
  readonly answer: ReadonlySet<string>;
}

const FAILURE = /exitcode: [1-9]|traceback|\berror\b|exception|\b404\b|not found|failed/i;
const FAILURE_WITHIN = 3_000;
const DIRECTING =
  /^\s*(?:updated ledger|(?:initial|new) plan:|next speaker|stalled|request satisfied|no agent selected)/i;
const DIRECTOR_NAME = /orchestrat|supervisor|coordinator/i;

/** Takes a trajectory apart. Linear in the length of its texts, of which the start of each is read. */
export function readTrajectory({ question, steps }: FailedTrajectory): ReadTrajectory {
  const speakers = speakersOf(steps);
  const questionText = question.trim();
  const asked = wordsOf(questionText);
  const seen = new Set(numbersOf(questionText));
  const read = steps.map((step, position): ReadStep => {
    const text = step.content.slice(0, MAX_READ_CHARACTERS);
    const speaker = speakers[position] ?? 'environment';
    const numbers = numbersOf(text);
    const unseen = [...numbers].filter((number) => !seen.has(number));
    for (const number of unseen) seen.add(number);
    const hasFailed = speaker === 'environment' && FAILURE.test(text.slice(0, FAILURE_WITHIN));
    const isCallError = typeof step.tool?.error === 'string' && step.tool.error !== '';
    return {
      agent: agentName(step),
      speaker,
      text,
      lower: text.toLowerCase(),
      words: wordsOf(text),
      numbers,
      unseenNumbers: unseen.length,
      runs: text.includes('```') || step.tool != null,
      isFailure: hasFailed || isCallError,
    };
  });
  const agents = positions(read, ({ speaker }) => speaker === 'agent');
  const directors = directorsOf(read, agents);
  const workers = agents.filter((position) => !directors.has(read[position]?.agent ?? ''));
  return {
    questionText,
    question: asked,
    steps: read,
    agents,
    directors,
    workers: directors.size === 0 ? [] : workers,
    answer: answerOf(read, agents, asked),
  };
}

/** Share of the answer's words that a step must hold to give the answer. */
const ANSWER_SHARE = 0.6;

/** Whether a step holds the final answer. */
export function givesAnswer({ answer }: ReadTrajectory, step: ReadStep): boolean {
  if (answer.size === 0) return false;
  const held = [...answer].filter((word) => step.words.has(word) || step.numbers.has(word));
  return held.length / answer.size >= ANSWER_SHARE;
}

function directorsOf(steps: readonly ReadStep[], agents: readonly number[]): ReadonlySet<string> {
  const directing = agents.flatMap((position) => {
    const step = steps[position];
    if (step === undefined) return [];
    return DIRECTING.test(step.text) || DIRECTOR_NAME.test(step.agent) ? [step.agent] : [];
  });
  return new Set(directing);
}

const FINAL_ANSWER = /final answer\s*:\s*(.{1,200})/i;
const MARKED = /\*\*([^*\n]{1,80})\*\*|\\boxed\{([^}]{1,80})\}/g;
/** A shorter last word than this ends a chat and answers nothing. */
const LEAST_ANSWER = 20;

/** What the run ended with: after `FINAL ANSWER:`, else the last thing the last step marks as bold. */
function answerOf(
  steps: readonly ReadStep[],
  agents: readonly number[],
  asked: ReadonlySet<string>,
): ReadonlySet<string> {
  const said = [...steps].reverse().flatMap(({ speaker, text }) => {
    const found = speaker === 'person' ? null : FINAL_ANSWER.exec(text);
    return found?.[1] === undefined ? [] : [found[1]];
  });
  const last = [...agents]
    .reverse()
    .flatMap((position) => steps[position] ?? [])
    .find(({ text }) => withoutEnd(text).length > LEAST_ANSWER);
  const answer = said[0] ?? (last === undefined ? '' : markedIn(last));
  const words = [...wordsOf(answer), ...numbersOf(answer)];
  return new Set(words.filter((word) => !asked.has(word)));
}

function markedIn({ text, numbers }: ReadStep): string {
  const marked = [...text.matchAll(MARKED)]
    .map(([, bold, boxed]) => bold ?? boxed ?? '')
    .filter((phrase) => /\d/.test(phrase) || phrase.split(' ').length < 6);
  return marked.at(-1) ?? [...numbers].at(-1) ?? '';
}

/** A text without the word that ends a chat. */
export function withoutEnd(text: string): string {
  return text.replace(/terminate/gi, '').trim();
}

/** The words of a text that say something, in small letters; the first of a long one. */
export function wordsOf(text: string): ReadonlySet<string> {
  const words = new Set<string>();
  for (const [word] of text.toLowerCase().matchAll(WORD)) {
    if (word.length > 2 && !FILLING.has(word)) words.add(word);
    if (words.size >= MAX_WORDS) break;
  }
  return words;
}

function numbersOf(text: string): ReadonlySet<string> {
  const numbers = [...text.matchAll(NUMBER)].map(([number]) => number.replaceAll(',', ''));
  return new Set(numbers.filter((number) => number.length > 1));
}

function positions(
  steps: readonly ReadStep[],
  isMeant: (step: ReadStep) => boolean,
): readonly number[] {
  return [...steps.entries()].flatMap(([position, step]) => (isMeant(step) ? [position] : []));
}
