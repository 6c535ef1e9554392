import type { CandidateWord } from '../../domain/candidate-words.js';
import type { CommandContext } from '../command.js';
import { answered, deciding } from '../deciding.js';
import { expectedVersion, findCandidate, findLesson } from '../finding.js';
import type { OfAgent } from './lessons.js';

export interface DecideOptions extends OfAgent {
  readonly reason: string;
  readonly expectVersion?: string;
}

/** A revision of a lesson, as `lessons` lists it. */
const REVISION = /^l-[^@]+@\d+$/;

/** A person's word on a candidate; an approval may name a disputed lesson instead. */
export function decide(
  word: CandidateWord,
  text: string,
  options: DecideOptions,
  context: CommandContext,
): Promise<number> {
  if (word === 'approve' && REVISION.test(text)) return keep(text, options, context);
  return deciding(context, async ({ house, look, person }) => {
    const { scope, id, row } = await findCandidate(look, text, options.agent);
    const { reason, expectVersion } = options;
    const expected = await expectedVersion(look, expectVersion, options.agent);
    const decision = { ...person, reason, ...expected };
    await answered(house.client.decide(scope.tenant, id, word, decision));
    const document = { ...scope, candidate: id, number: row.number, word, ...person, reason };
    context.io.result(document, `${word}: c${String(row.number)} ${id}, by ${person.actor}`);
  });
}

/** Which side of a dispute stands. */
function keep(text: string, options: DecideOptions, context: CommandContext): Promise<number> {
  return deciding(context, async ({ house, look, person }) => {
    const { scope, id } = await findLesson(look, text, options.agent);
    const { reason, expectVersion } = options;
    const expected = await expectedVersion(look, expectVersion, options.agent);
    const lesson = `${id}${text.slice(text.indexOf('@'))}`;
    await answered(
      house.client.override(scope, 'keep', { ...person, reason, lesson, ...expected }),
    );
    const document = { ...scope, lesson, word: 'approve', ...person, reason };
    context.io.result(document, `approve: ${lesson} stands, by ${person.actor}`);
  });
}
