import type { SchemaFact } from '../schema-fact.js';
import { speaksToReader } from './gloss.js';

/** Longest text of a lesson that makes a schema claim, in characters. */
export const MAX_CLAIM_CHARACTERS = 600;

const MAX_COLUMN_GLOSS_WORDS = 6;
const MAX_TABLE_GLOSS_WORDS = 8;
const PLAIN_WORD = /^\w+$/;

/**
 * A fact in the fixed form `table(column gloss, column gloss) -- gloss`, in as many texts as the cap
 * demands; claims on one thing add up. A name that is not one plain word cannot be claimed, nor can a
 * thing without columns: what is left may be no text at all.
 */
export function claimTexts(
  fact: Pick<SchemaFact, 'about' | 'gloss' | 'columns'>,
  maxCharacters: number = MAX_CLAIM_CHARACTERS,
): string[] {
  if (!PLAIN_WORD.test(fact.about)) return [];
  const items = fact.columns.flatMap(({ name, gloss }) =>
    PLAIN_WORD.test(name) ? [[name, ...plainWords(gloss, MAX_COLUMN_GLOSS_WORDS)].join(' ')] : [],
  );
  const tableGloss = plainWords(fact.gloss, MAX_TABLE_GLOSS_WORDS).join(' ');
  const head = `${fact.about}(`;
  const tail = tableGloss === '' ? ')' : `) -- ${tableGloss}`;
  const texts: string[] = [];
  let part: string[] = [];
  for (const item of items) {
    if (part.length > 0 && `${head}${[...part, item].join(', ')}${tail}`.length > maxCharacters) {
      texts.push(`${head}${part.join(', ')}${tail}`);
      part = [];
    }
    part.push(item);
  }
  if (part.length > 0) texts.push(`${head}${part.join(', ')}${tail}`);
  return texts;
}

/**
 * What may stand in a gloss: letters, digits and single spaces, and not many of them. One that speaks to
 * its reader is left out, and the fact stands without it.
 */
function plainWords(gloss: string | undefined, most: number): string[] {
  if (gloss === undefined || speaksToReader(gloss)) return [];
  return gloss
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .slice(0, most);
}
