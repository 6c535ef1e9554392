import { expect, test } from 'vitest';

import { gradeRun } from '../../src/activities/grading.js';
import type { Evaluator } from '../../src/contracts/evaluator.js';
import type { Step } from '../../src/domain/episode.js';
import { anEpisodeHead } from '../support/fake-store.js';

/** An evaluator of this name that answers so. */
function anEvaluator(name: string, score: number | null, more: object = {}): Evaluator {
  return { name, source: 'checker', evaluate: async () => ({ score, ...more }) };
}

function grade(
  evaluators: readonly Evaluator[],
  stopped: string | null = null,
  steps: readonly Step[] = [],
) {
  const output = stopped === null ? '42' : null;
  const run = { head: anEpisodeHead(), steps, output, stopped };
  return gradeRun({ evaluators }, run, {});
}

test('the first evaluator that can tell decides', async () => {
  const outcome = await grade([
    anEvaluator('shy', null),
    anEvaluator('sure', 1),
    anEvaluator('late', 0),
  ]);

  expect(outcome).toEqual({
    score: 1,
    evaluator: 'sure',
    source: 'checker',
    category: 'ok',
    detail: '',
  });
});

test('a score is held between 0 and 1, and a failure is called one', async () => {
  expect(await grade([anEvaluator('eager', 7)])).toMatchObject({ score: 1, category: 'ok' });
  expect(await grade([anEvaluator('harsh', -7)])).toMatchObject({ score: 0, category: 'failed' });
});

test('a run that no evaluator can tell about has no score', async () => {
  expect(await grade([anEvaluator('shy', null)])).toMatchObject({
    score: null,
    missing: 'infrastructure',
  });
});

test("an arm's own fault counts as a failure, what it could not help does not", async () => {
  const never: Evaluator = {
    name: 'never asked',
    source: 'checker',
    evaluate: () => Promise.reject(new Error('there is no answer to evaluate')),
  };

  for (const fault of ['model-calls', 'tokens', 'cost', 'bad-calls', 'TimeoutFailure', 'crash']) {
    expect(await grade([never], fault)).toMatchObject({
      score: 0,
      category: fault,
      missing: 'arm',
    });
  }
  expect(await grade([never], 'ModelUnavailableError')).toMatchObject({
    score: null,
    missing: 'infrastructure',
  });
  expect(await grade([never], 'cancelled')).toMatchObject({ missing: 'infrastructure' });
});

test('output that cannot be parsed is the fault of the run, which no later evaluator excuses', async () => {
  const outcome = await grade([
    anEvaluator('strict', null, { missing: 'arm', detail: 'no JSON' }),
    anEvaluator('lax', 1),
  ]);

  expect(outcome).toEqual({
    score: 0,
    evaluator: 'strict',
    source: 'checker',
    category: 'unparsable',
    detail: 'no JSON',
    missing: 'arm',
  });
});

test('a refusal is the fault of the run, unless an evaluator finds that it was right', async () => {
  const refusal: Step = {
    index: 0,
    kind: 'model',
    model: 'm',
    text: 'I cannot.',
    toolCalls: [],
    usage: { inputTokens: 1, outputTokens: 1 },
    isRefusal: true,
  };
  const fault = { score: 0, category: 'refusal', missing: 'arm' };

  expect(await grade([anEvaluator('shy', null)], null, [refusal])).toMatchObject(fault);
  expect(await grade([anEvaluator('strict', 0.2)], null, [refusal])).toMatchObject(fault);
  const right = await grade([anEvaluator('safety', 1)], null, [refusal]);
  expect(right).toMatchObject({ score: 1, category: 'ok' });
  expect(right).not.toHaveProperty('missing');
});
