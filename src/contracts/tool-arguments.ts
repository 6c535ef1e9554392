import { z } from 'zod';

import { singleLine } from './plain-text.js';

/** What a call's arguments mean, or why they mean nothing. */
export type ParsedArguments =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly code: ArgumentsCode; readonly message: string };

/** Codes of calls that were malformed: they had no effect. */
export const ARGUMENTS_CODES = ['TOOL_ARGS_INVALID', 'NUMBER_UNSAFE'] as const;
export type ArgumentsCode = (typeof ARGUMENTS_CODES)[number];

const MAX_DEPTH = 64;
const ISSUES_SHOWN = 5;

/** Parses what a model wrote as the arguments of a tool. Never throws and runs nothing of the tool. */
export async function parseToolArguments(input: z.ZodType, text: string): Promise<ParsedArguments> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return invalid(`arguments: expected a JSON object, found ${reason}`);
  }
  const fault = faultIn(json, 'arguments', 0);
  if (fault !== undefined) return fault;
  try {
    const parsed = await input.safeParseAsync(json);
    return parsed.success ? { ok: true, value: parsed.data } : invalid(issuesOf(parsed.error));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return invalid(`arguments: the tool's schema could not be applied: ${reason}`);
  }
}

function invalid(message: string): ParsedArguments & { readonly ok: false } {
  return { ok: false, code: 'TOOL_ARGS_INVALID', message: singleLine(message) };
}

function issuesOf({ issues }: z.ZodError): string {
  const shown = issues
    .slice(0, ISSUES_SHOWN)
    .map(({ path, message }) => `${['arguments', ...path].map(String).join('.')}: ${message}`);
  const more = issues.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${String(more)} more`] : [])].join('; ');
}

/** What no schema should have to look for: numbers that lost their value, reserved keys, depth. */
function faultIn(
  value: unknown,
  path: string,
  depth: number,
): (ParsedArguments & { readonly ok: false }) | undefined {
  if (typeof value === 'number') {
    if (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))) {
      return undefined;
    }
    const message = `${path}: a number beyond what can be kept exactly; write it as a string`;
    return { ok: false, code: 'NUMBER_UNSAFE', message: singleLine(message) };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= MAX_DEPTH) return invalid(`arguments: nested deeper than ${String(MAX_DEPTH)}`);
  for (const [key, part] of Object.entries(value)) {
    if (key === '__proto__') return invalid(`${path}.__proto__: a reserved name`);
    const fault = faultIn(part, `${path}.${key}`, depth + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
