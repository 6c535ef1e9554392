/** Longest text of one step that attribution reads, in characters; what comes after says nothing. */
const MAX_READ_CHARACTERS = 20_000;

const WORD = /[\p{L}\p{N}_]+/gu;
const QUOTED = /(["'`])([^"'`\n]{1,80})\1/gu;
const STRUCTURED = /^\s*(?:```|[[{]|(?:select|with|insert|update|delete|show|desc)\b)/i;

/** Words that stand in any query or sentence: they say nothing about where something came from. */
const COMMON: ReadonlySet<string> = new Set(
  (
    'about after again all also and answer any are because been before between both but can could did ' +
    'does each error even every failed first for from have here how into its just last like more most ' +
    'must need next not now of once one only other our out over question result results same should ' +
    'since some such sure task than that the their them then there these they this those through try ' +
    'using very want was were what when where which while who will with would you your ' +
    'select distinct where group order having limit offset join left right inner outer cross full on as ' +
    'by in is null like between exists union except intersect case end desc asc count sum avg min max ' +
    'insert into values update set delete create table describe show tables columns with recursive cast ' +
    'true false sql query input output name arguments'
  ).split(' '),
);

/** What a text of a trajectory speaks of, in small letters. */
export interface TextTokens {
  /** Tokens by which a later text can be seen to use an earlier one. */
  readonly linking: ReadonlySet<string>;
  /** Names, numbers and quoted words: what a text asserts and must have from somewhere. */
  readonly asserted: ReadonlySet<string>;
}

/** Takes a text apart in one pass; `isCode` where it is arguments of a call rather than prose. */
export function tokensOf(text: string, isCode = STRUCTURED.test(text)): TextTokens {
  const read = text.slice(0, MAX_READ_CHARACTERS);
  const linking = new Set<string>();
  const asserted = new Set<string>();
  for (const [word] of read.matchAll(WORD)) {
    const token = word.toLowerCase();
    if (COMMON.has(token)) continue;
    const isName = /[_\p{N}]|\p{Ll}\p{Lu}/u.test(word);
    const isNamed = token.length >= 2 && (isName || isCode);
    if (isNamed) asserted.add(token);
    if (isNamed || token.length >= 4) linking.add(token);
  }
  for (const [, , quoted] of read.matchAll(QUOTED)) {
    for (const [word] of (quoted ?? '').matchAll(WORD)) {
      const token = word.toLowerCase();
      if (token.length < 3 || COMMON.has(token)) continue;
      linking.add(token);
      asserted.add(token);
    }
  }
  return { linking, asserted };
}
