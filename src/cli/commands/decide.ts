import type { CandidateWord } from '../../domain/candidate-words.js';
import type { CommandContext } from '../command.js';
import { answered, deciding } from '../deciding.js';
import { expectedVersion, findCandidate } from '../finding.js';
import type { OfAgent } from './lessons.js';

export interface DecideOptions extends OfAgent {
  readonly reason: string;
  readonly expectVersion?: string;
}

/** A person's word on a candidate. */
export function decide(
  word: CandidateWord,
  text: string,
  options: DecideOptions,
  context: CommandContext,
): Promise<number> {
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
