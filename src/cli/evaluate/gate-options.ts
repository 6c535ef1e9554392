import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { GateSettings } from '../../contracts/gate-settings.js';
import { gatePolicy, type GatePolicy } from '../../domain/gate/gate-policy.js';
import { codeOf } from '../exit-codes.js';
import { foundText, MalformedInputError, parsedAt } from '../malformed-input.js';

export interface GateEvaluateOptions {
  readonly alpha?: string;
  readonly maxPairs?: string;
  readonly sliceKey?: readonly string[];
  readonly config?: string;
}

/** The policy of a gate: defaults, over them the file, over that the options. */
export async function gatePolicyFrom(
  { alpha, maxPairs, sliceKey, config }: GateEvaluateOptions,
  directory: string,
): Promise<GatePolicy> {
  const { shape } = GateSettings;
  const given: GateSettings = {
    ...(config === undefined ? {} : await settingsFrom(resolve(directory, config))),
    ...(alpha === undefined ? {} : { alpha: parsedAt(shape.alpha, numberIn(alpha), '--alpha') }),
    ...(maxPairs === undefined
      ? {}
      : { maxPairs: parsedAt(shape.maxPairs, numberIn(maxPairs), '--max-pairs') }),
    ...(sliceKey === undefined
      ? {}
      : { sliceKeys: parsedAt(shape.sliceKeys, sliceKey, '--slice-key') }),
  };
  const policy = gatePolicy(given);
  if (policy.deltaMin < 1) return policy;
  const expected = 'a number below 0.9, or deltaMin beside it, which is otherwise m0 + 0.1';
  throw new MalformedInputError('--config', 'm0', foundText(policy.m0), expected);
}

async function settingsFrom(file: string): Promise<GateSettings> {
  const refuse = (found: string): never => {
    throw new MalformedInputError('--config', '', found, 'a file with one JSON object');
  };
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error ? codeOf(error) : '';
    return refuse(code === 'ENOENT' ? `no file ${file}` : `${file}, unreadable (${code})`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuse(`text that is no JSON, ${foundText(text)}`);
  }
  return parsedAt(GateSettings, value, '--config');
}

/** The number a text stands for; the text itself where it stands for none, to be told what was found. */
function numberIn(text: string): number | string {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}
