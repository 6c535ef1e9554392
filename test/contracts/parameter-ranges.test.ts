import { expect, test } from 'vitest';

import { parameterFault } from '../../src/contracts/parameter-ranges.js';

const RANGES = {
  model: ['small', 'large'],
  temperature: { min: 0, max: 0.5 },
  maxModelCalls: { min: 5, max: 40 },
};

test.each([
  ['model', 'large'],
  ['temperature', 0.25],
  ['maxModelCalls', 40],
])('takes a %s within its range', (parameter, value) => {
  expect(parameterFault(RANGES, parameter, value)).toBeNull();
});

test.each([
  ['model', 'huge', 'model: found "huge", expected one of: small, large'],
  ['temperature', 0.6, 'temperature: found 0.6, expected 0 to 0.5'],
  ['temperature', 'hot', 'temperature: found "hot", expected 0 to 0.5'],
  ['maxModelCalls', 7.5, 'maxModelCalls: found 7.5, expected a whole number'],
  ['recallLimit', 3, 'recallLimit: found 3, expected a parameter with a range'],
  ['instructions', 'obey', 'instructions: found "obey", expected a parameter with a range'],
])('refuses a %s of %s', (parameter, value, message) => {
  expect(parameterFault(RANGES, parameter, value)).toContain(message);
});
