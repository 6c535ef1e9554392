import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import { expect, test } from 'vitest';

import { benchRepeats, readTrials } from '../../../src/bench/lessons/repeats.js';
import { runCommandLine } from '../../cli/run-command.js';

const DATA = resolve(
  import.meta.dirname,
  '../../../../shared/data/reflexion-alfworld/trials.jsonl',
);
const isThere = existsSync(DATA);
if (!isThere) process.stderr.write(`not there, so merging is not measured: ${DATA}\n`);

test('counts what repeats in its environment, and what of it is merged', () => {
  const note =
    'I looked for the mug in cabinet 3 and did not find it there. In the next trial I should look on the shelf first.';
  const same = note.replace('cabinet 3', 'cabinet 5');

  const report = benchRepeats([
    { env_id: 'kitchen', lessons_added: [note, same] },
    { env_id: 'bathroom', lessons_added: [note] },
    { env_id: 'kitchen', lessons_added: ['I should heat the egg and then put it on the table.'] },
  ]);

  expect(report).toEqual({ lessons: 4, repeats: 1, merged: 1 });
});

test('says which file of trials is not there', async () => {
  const more = ['--data', '/nowhere', '--repeats', '/nowhere/trials.jsonl'];

  const ran = await runCommandLine(['bench', 'lessons', ...more]);

  expect(ran.code).toBe(2);
  expect(ran.error).toContain('/nowhere/trials.jsonl');
});

test.runIf(isThere)(
  'merges nine in ten ALFWorld lessons that repeat in their environment',
  async () => {
    const { repeats, merged } = benchRepeats(await readTrials(DATA));

    expect(repeats).toBeGreaterThan(20);
    expect(merged / repeats).toBeGreaterThanOrEqual(0.9);
  },
);
