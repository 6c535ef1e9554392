import { expect, test } from 'vitest';
import { castingOf, modelNameOf } from '../../../src/model/recorded/casting.js';

test('reads model names as what to play and writes them back', () => {
  const names = ['recorded/gpt-3.5-10t', 'recorded/S:plain:informed', 'recorded/D:a:b:12'];

  const castings = names.map(castingOf);

  expect(castings).toEqual([
    { mode: 'config', config: 'gpt-3.5-10t' },
    { mode: 'S', plain: 'plain', informed: 'informed' },
    { mode: 'D', before: 'a', after: 'b', k: 12 },
  ]);
  expect(castings.map((casting) => casting && modelNameOf(casting))).toEqual(names);
});

test('reads nothing into another name', () => {
  for (const name of ['gpt-4', 'recorded/', 'recorded/S:a', 'recorded/D:a:b:x', 'recorded/a:b']) {
    expect(castingOf(name)).toBeUndefined();
  }
});
