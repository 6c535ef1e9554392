import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { expect, test } from 'vitest';
import { z } from 'zod';

import { runCommandLine } from '../../cli/run-command.js';

const DATA = resolve(
  import.meta.dirname,
  '../../../../shared/data/reflexion-alfworld/trials.jsonl',
);
const isThere = existsSync(DATA);
if (!isThere) process.stderr.write(`not there, so merging is not measured: ${DATA}\n`);

const Trial = z.object({ env_id: z.string(), lessons_added: z.array(z.string()) });
const Answer = z.object({ id: z.string(), mergedInto: z.string().nullable() });

/** Lessons of one environment that are the same letter by letter, but for the numbers in them. */
function isRepeat(text: string, told: Set<string>): boolean {
  const shape = text.replaceAll(/\d+/g, '#').replaceAll(/\s+/g, ' ').trim();
  if (told.has(shape)) return true;
  told.add(shape);
  return false;
}

test.runIf(isThere)(
  'merges nine in ten ALFWorld lessons that repeat in their environment',
  async () => {
    const lessons = readFileSync(DATA, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => Trial.parse(JSON.parse(line)))
      .flatMap(({ env_id, lessons_added }) => lessons_added.map((text) => ({ env_id, text })));
    const lines = lessons.map(({ env_id, text }, at) =>
      JSON.stringify({ id: String(at), text, channel: 'reflection', subject: env_id }),
    );

    const { code, out } = await runCommandLine(
      ['lessons', 'check'],
      {},
      '/nowhere',
      lines.join('\n'),
    );

    expect(code).toBe(0);
    const answers = out
      .trimEnd()
      .split('\n')
      .map((line) => Answer.parse(JSON.parse(line)));
    const told = new Map<string, Set<string>>();
    const repeats = lessons.flatMap(({ env_id, text }, at) => {
      const ofEnvironment = told.get(env_id) ?? new Set<string>();
      told.set(env_id, ofEnvironment);
      return isRepeat(text, ofEnvironment) ? [at] : [];
    });
    const merged = repeats.filter((at) => answers[at]?.mergedInto !== null);
    process.stderr.write(
      `reflexion-alfworld: merged ${merged.length} of ${repeats.length} repeats\n`,
    );
    expect(repeats.length).toBeGreaterThan(20);
    expect(merged.length / repeats.length).toBeGreaterThanOrEqual(0.9);
  },
);
