/** One contiguous piece that was replaced in a text. */
export interface ReplacedSpan {
  readonly produced: string;
  readonly corrected: string;
}

/** Longest side of a replaced span, in tokens. */
const MAX_SPAN_TOKENS = 12;
const TOKEN =
  /'(?:[^'\n]|'')*'|"[^"\n]*"|[\p{L}_][\p{L}\p{N}_]*|\d+(?:\.\d+)?|<=|>=|<>|!=|::|\|\||\S/gu;
const COMPARISON = /^(?:<=|>=|<>|!=|<|>|=)$/;
const IDENTIFIER = /^[\p{L}_]/u;
const DEPTH: Readonly<Record<string, number>> = { '(': 1, ')': -1, '[': 1, ']': -1 };

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A piece of both token lists: from `start` on, up to so many tokens before the end. */
interface Window {
  readonly start: number;
  readonly rest: number;
}

/**
 * The one span by which a corrected text differs, widened until it says what it is about: it holds a
 * name on both sides, its brackets are closed, and its old form stands in the produced text once. A
 * comparison that was replaced by another one needs no name.
 * Undefined where there is no such span, where more than one place was changed, or nothing was kept.
 */
export function replacedSpan(produced: string, corrected: string): ReplacedSpan | undefined {
  const old = tokensOf(produced);
  const fresh = tokensOf(corrected);
  const shorter = Math.min(old.length, fresh.length);
  let start = 0;
  while (start < shorter && old[start]?.text === fresh[start]?.text) start += 1;
  let rest = 0;
  while (rest < shorter - start && old.at(-1 - rest)?.text === fresh.at(-1 - rest)?.text) rest += 1;
  const changedNothing = start + rest === old.length && start + rest === fresh.length;
  if (changedNothing || start + rest < MIN_KEPT_TOKENS) return undefined;
  if (hasSeveral(slice(old, { start, rest }), slice(fresh, { start, rest }))) return undefined;
  const exact = { start, rest };
  const window = isComparisonSwap(slice(old, exact), slice(fresh, exact))
    ? exact
    : widened(old, fresh, exact);
  if (window === undefined) return undefined;
  return {
    produced: textOf(produced, slice(old, window)),
    corrected: textOf(corrected, slice(fresh, window)),
  };
}

/** Where less than this was kept, the correction is another answer and no rule about writing. */
const MIN_KEPT_TOKENS = 2;

/** Words on both sides of a changed piece mean two changes, unless one side stands whole in the other. */
function hasSeveral(old: readonly Token[], fresh: readonly Token[]): boolean {
  const words = new Set(old.map(({ text }) => text).filter((text) => IDENTIFIER.test(text)));
  const isShared = fresh.some(({ text }) => words.has(text));
  return isShared && placesOf(old, fresh) === 0 && placesOf(fresh, old) === 0;
}

function widened(old: readonly Token[], fresh: readonly Token[], from: Window): Window | undefined {
  let window = from;
  for (;;) {
    const before = slice(old, window);
    const after = slice(fresh, window);
    if (before.length > MAX_SPAN_TOKENS || after.length > MAX_SPAN_TOKENS) return undefined;
    const isCutLeft =
      startsInside(before) ||
      startsInside(after) ||
      (isCalled(before, after) && IDENTIFIER.test(old[window.start - 1]?.text ?? ''));
    const isCutRight = before.at(-1)?.text === '.' || after.at(-1)?.text === '.';
    const isWhole = !isCutLeft && !isCutRight && saysEnough(before) && saysEnough(after);
    if (isWhole && placesOf(before, old) === 1) return window;
    if (window.start === 0 && window.rest === 0) return undefined;
    const wantsRight = isCutRight || depthOf(before) > 0 || depthOf(after) > 0;
    const goesLeft = window.start > 0 && (window.rest === 0 || isCutLeft || !wantsRight);
    window = goesLeft
      ? { start: window.start - 1, rest: window.rest }
      : { start: window.start, rest: window.rest - 1 };
  }
}

/** One comparison for another: what it is about is the comparison, wherever it stands. */
function isComparisonSwap(old: readonly Token[], fresh: readonly Token[]): boolean {
  return [old, fresh].every(
    (tokens) => tokens.length === 1 && COMPARISON.test(tokens[0]?.text ?? ''),
  );
}

function saysEnough(tokens: readonly Token[]): boolean {
  return tokens.some(({ text }) => IDENTIFIER.test(text)) && isBalanced(tokens);
}

/** Whether a piece begins behind a dot, or closes a bracket that was opened before it. */
function startsInside(tokens: readonly Token[]): boolean {
  return tokens[0]?.text === '.' || depthOf(tokens) < 0;
}

/** Whether a piece begins with the arguments of what stands before it. */
function isCalled(before: readonly Token[], after: readonly Token[]): boolean {
  return before[0]?.text === '(' || after[0]?.text === '(';
}

function depthOf(tokens: readonly Token[]): number {
  return tokens.reduce((depth, { text }) => depth + (DEPTH[text] ?? 0), 0);
}

function isBalanced(tokens: readonly Token[]): boolean {
  let depth = 0;
  for (const { text } of tokens) {
    depth += DEPTH[text] ?? 0;
    if (depth < 0) return false;
  }
  return depth === 0;
}

/** How often a piece stands in a list of tokens. */
function placesOf(piece: readonly Token[], tokens: readonly Token[]): number {
  if (piece.length === 0) return 0;
  return tokens.filter((_, at) =>
    piece.every(({ text }, offset) => tokens[at + offset]?.text === text),
  ).length;
}

function slice(tokens: readonly Token[], { start, rest }: Window): readonly Token[] {
  return tokens.slice(start, tokens.length - rest);
}

function tokensOf(text: string): Token[] {
  return [...text.matchAll(TOKEN)].map((match) => ({
    text: match[0],
    start: match.index,
    end: match.index + match[0].length,
  }));
}

function textOf(text: string, tokens: readonly Token[]): string {
  return text.slice(tokens[0]?.start ?? 0, tokens.at(-1)?.end ?? 0);
}
