import { expect, test } from 'vitest';

import { causeOf, failingRun, FLOOD_AGENT } from '../../../src/bench/flood/failing-runs.js';
import { lostOf, tallyProposals } from '../../../src/bench/flood/report.js';
import { agentId, episodeId } from '../../../src/contracts/ids.js';
import { mineRecoveries } from '../../../src/domain/mining/recovery.js';
import type { ProposalFate } from '../../../src/store/proposal-queries.js';

function aFate(episode: string, changes: Partial<ProposalFate> = {}): ProposalFate {
  return { episode: episodeId(episode), key: 'k', refused: null, place: 'support', ...changes };
}

test('an episode is lost where none of its proposals has a place', () => {
  const episodes = ['placed', 'waiting', 'refused', 'both', 'silent'].map(episodeId);
  const fates = [
    aFate('placed', { place: 'opened' }),
    aFate('waiting', { place: null }),
    aFate('refused', { refused: 'INJECTION', place: null }),
    aFate('both', { place: 'refused' }),
    aFate('both', { key: 'other', place: 'joined' }),
  ];

  const lost = lostOf(episodes, fates);

  expect(lost).toBe(3);
  expect(tallyProposals(fates)).toEqual({
    stored: 5,
    refused: 1,
    waiting: 1,
    places: { opened: 1, refused: 1, joined: 1 },
  });
});

test('runs of one cause propose one note, and those of another cause another', () => {
  const keysOf = (at: number): readonly string[] => {
    const { steps, task } = failingRun(agentId(FLOOD_AGENT), at, 20);
    const context = { episode: episodeId(`e-${String(at)}`), task, outcome: 0, toolDigests: {} };
    return mineRecoveries(steps, context).map(({ key }) => key);
  };

  const keys = Array.from({ length: 60 }, (_none, at) => keysOf(at));

  expect(keys.every((own) => own.length === 1)).toBe(true);
  expect(new Set(keys.flat()).size).toBe(20);
  expect(keys.every(([key], at) => key === keys[causeOf(at, 20)]?.[0])).toBe(true);
});
