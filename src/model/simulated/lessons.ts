import { stemsOf } from './words.js';

/** The texts of the lessons in a system message, in the order they were recalled. */
export function lessonsIn(system: string): readonly string[] {
  const lines = system.split('\n');
  const start = lines.indexOf('# Lessons');
  if (start < 0) return [];
  const texts: string[][] = [];
  for (const line of lines.slice(start + 1)) {
    const head = /^- \[[^\]]*\] (.*)$/.exec(line);
    if (head !== null) texts.push([head[1] ?? '']);
    else if (line.startsWith('  ')) texts.at(-1)?.push(line.slice(2));
    else if (line.startsWith('#')) break;
  }
  return texts.map((parts) => parts.join('\n'));
}

/** An instruction to write one thing instead of another, perhaps only for some questions. */
export interface ReplacementRule {
  readonly when: string;
  readonly write: string;
  readonly insteadOf: string;
}

/** Every replacement rule in a text; anything else in it is not understood and left alone. */
export function replacementRulesIn(text: string): readonly ReplacementRule[] {
  const rules = text.matchAll(
    /(?:\bwhen (?<when>[^:`]+): )?\bwrite `(?<write>[^`]*)` instead of `(?<insteadOf>[^`]+)`/gi,
  );
  return [...rules].map(({ groups }) => ({
    when: groups?.['when'] ?? '',
    write: groups?.['write'] ?? '',
    insteadOf: groups?.['insteadOf'] ?? '',
  }));
}

/** A rule without words always fits; one with words needs half of some part of them in the question. */
export function ruleFits(rule: ReplacementRule, question: string): boolean {
  const asked = stemsOf(question);
  const parts = rule.when.split(/[,;]| or /).map(stemsOf);
  const worded = parts.filter((stems) => stems.length > 0);
  return (
    worded.length === 0 ||
    worded.some((stems) => 2 * stems.filter((stem) => asked.includes(stem)).length >= stems.length)
  );
}

const TOKEN = /'(?:[^']|'')*'|[a-z_][a-z0-9_]*|\d+(?:\.\d+)?|<=|>=|<>|!=|::|\|\||\S/gi;

/**
 * Replaces every place where the tokens of `insteadOf` stand one after the other. `>` is not found in
 * `>=`, nor a short name in a longer one.
 */
export function applyReplacement(sql: string, { write, insteadOf }: ReplacementRule): string {
  const wanted = (insteadOf.match(TOKEN) ?? []).map((token) => token.toLowerCase());
  const tokens = [...sql.matchAll(TOKEN)].map((match) => ({
    text: match[0].toLowerCase(),
    start: match.index,
    end: match.index + match[0].length,
  }));
  if (wanted.length === 0) return sql;
  let written = '';
  let copied = 0;
  for (let at = 0; at + wanted.length <= tokens.length; at += 1) {
    const first = tokens[at];
    const last = tokens[at + wanted.length - 1];
    if (first === undefined || last === undefined || first.start < copied) continue;
    if (!wanted.every((token, offset) => tokens[at + offset]?.text === token)) continue;
    written += sql.slice(copied, first.start) + write;
    copied = last.end;
  }
  return written + sql.slice(copied);
}
