import { expect, test } from 'vitest';

import { TraceBuffer } from '../../../src/cli/import/trace-buffer.js';
import { spansOf } from '../../../src/contracts/import/spans.js';

const TEXT = 'x'.repeat(10_000);

function aSpan(traceId: string, spanId: number) {
  const [span] = spansOf({
    traceId,
    spanId: String(spanId),
    startTime: 1,
    attributes: { 'a.b': [TEXT] },
  });
  if (span === undefined) throw new Error('no span');
  return span;
}

test('traces are closed before more characters are held than allowed', () => {
  const traces = new TraceBuffer({ spans: 20_000, characters: 100_000 });
  const closed = Array.from({ length: 100 }, (_, at) => traces.add(aSpan(`t${String(at)}`, 1), at));

  expect(traces.rest().length).toBeLessThan(10);
  expect(closed.flat().length).toBeGreaterThan(90);
});

test('a trace that alone is larger is refused once, and the others are kept', () => {
  const traces = new TraceBuffer({ spans: 20_000, characters: 100_000 });
  const faults: unknown[] = [];
  const closed = Array.from({ length: 100 }, (_, at) => {
    try {
      return traces.add(aSpan('large', at), at);
    } catch (error) {
      faults.push(error);
      return [];
    }
  }).flat();
  traces.add(aSpan('small', 1), 101);

  expect(faults).toMatchObject([{ code: 'TRACE_TOO_LARGE' }]);
  expect([...closed, ...traces.rest()].map(({ traceId }) => traceId)).toEqual(['small']);
});
