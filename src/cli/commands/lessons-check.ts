import { sha256 } from '../../contracts/digest.js';
import { LessonLine } from '../../contracts/lesson-lines.js';
import type { Trust } from '../../domain/lesson.js';
import { checkText } from '../../domain/validation/lesson-check.js';
import { sayingOf } from '../../domain/validation/saying.js';
import { TRUST_OF_CHANNEL } from '../../domain/validation/trust.js';
import type { CommandContext } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { readJsonLines } from '../json-lines.js';

interface LessonAnswer {
  readonly id: string;
  readonly accepted: boolean;
  /** Of validation, in small letters; null where the text is accepted. */
  readonly code: string | null;
  readonly message: string | null;
  readonly mergedInto: string | null;
  readonly trust: Trust;
}

/**
 * Validates lessons on standard input, each answered as it comes. A wrong line ends the command; the
 * answers before it stand. Of what was accepted a digest is kept, so that a lesson told again is merged.
 */
export async function runLessonsCheck({
  io,
  input,
  signal,
}: Pick<CommandContext, 'io' | 'input' | 'signal'>): Promise<number> {
  const told = new Map<string, string>();
  await readJsonLines(input, LessonLine, (line) => io.record(answerLesson(line, told)), signal);
  return EXIT.ok;
}

/** The answer to one lesson; `told` holds what was accepted before it, and takes it in. */
export function answerLesson(
  { id, text, channel }: LessonLine,
  told: Map<string, string>,
): LessonAnswer {
  const trust = TRUST_OF_CHANNEL[channel];
  const checked = checkText(text, channel);
  if (!checked.accepted) {
    const code = checked.code.toLowerCase().replaceAll('_', '-');
    return { id, accepted: false, code, message: checked.message, mergedInto: null, trust };
  }
  const saying = sha256(sayingOf(text));
  const first = told.get(saying);
  if (first !== undefined) {
    const message = `adds support to ${first}, which says the same`;
    return { id, accepted: false, code: 'duplicate', message, mergedInto: first, trust };
  }
  told.set(saying, id);
  return { id, accepted: true, code: null, message: null, mergedInto: null, trust };
}
