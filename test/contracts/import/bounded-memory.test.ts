import { expect, test } from 'vitest';

import { runImport } from '../../../src/cli/import/run-import.js';
import type { ImportSource } from '../../../src/cli/import/source.js';
import { tenantId } from '../../../src/contracts/ids.js';
import { anInterCodeRun, linesOf, readOptions } from '../../support/import-lines.js';

const RUNS = 1_000;
const OBSERVATION = 'x'.repeat(100_000);
const MEGABYTE = 1_048_576;

/** A hundred megabytes of runs, each made when it is asked for; one in a hundred is bad. */
function aSource(given: { count: number }): ImportSource {
  return {
    size: null,
    position: () => given.count,
    open: async function* () {
      for (let at = 0; at < RUNS; at += 1) {
        given.count += 1;
        const steps = [{ i: 0, action: 'SELECT 1', observation: OBSERVATION, reward: 0 }];
        const run = anInterCodeRun({ run_id: `r/${String(at)}`, steps });
        yield await Promise.resolve(`${at % 100 === 7 ? '{"run_id": ' : linesOf(run)}\n`);
      }
    },
  };
}

test('of a hundred megabytes no more than a batch is held, and every bad line is told', async () => {
  const given = { count: 0 };
  let stored = 0;
  let ahead = 0;
  let largestBatch = 0;
  const target = {
    tenant: tenantId('bounded'),
    imports: {
      addRuns: async (_: unknown, runs: readonly unknown[]) => {
        largestBatch = Math.max(largestBatch, runs.length);
        ahead = Math.max(ahead, given.count - stored);
        stored += runs.length;
        return Promise.resolve({ added: runs.length, skipped: 0 });
      },
    },
    proposals: { putProposals: () => Promise.reject(new Error('there are no lessons')) },
  };
  const io = { progress: () => ({ update: () => undefined, end: () => undefined }) };

  const answer = await runImport(
    aSource(given),
    { ...readOptions('intercode'), isStrict: false },
    target,
    io,
  );

  expect(answer).toMatchObject({ read: RUNS, added: RUNS * 0.99 });
  expect(answer.errors.map(({ line }) => line)).toEqual(
    Array.from({ length: RUNS / 100 }, (_, at) => at * 100 + 8),
  );
  // Four million characters are a batch: forty of these runs, and the bad lines passed over so far.
  expect(largestBatch * OBSERVATION.length).toBeLessThan(8 * MEGABYTE);
  expect(ahead).toBeLessThan(largestBatch + RUNS / 100 + 10);
}, 60_000);
