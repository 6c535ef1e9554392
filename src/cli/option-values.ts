import { InvalidArgumentError } from 'commander';

/** Parsers of option values; what they throw is told with the option's name. */

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('Expected a whole number from 0.');
}

export function countFromOne(text: string): number {
  const value = wholeNumber(text);
  if (value >= 1) return value;
  throw new InvalidArgumentError('Expected a whole number from 1.');
}

/** Counts with commas between them, each once, in rising order. */
export function countsFromOne(text: string): readonly number[] {
  const values = text.split(',').map((part) => Number(/^ *\d+ *$/.test(part) ? part : NaN));
  if (values.every((value) => Number.isSafeInteger(value) && value >= 1)) {
    return [...new Set(values)].sort((left, right) => left - right);
  }
  throw new InvalidArgumentError('Expected whole numbers from 1 with commas between, like 1,2,5.');
}

export function port(text: string): number {
  const value = wholeNumber(text);
  if (value <= 65_535) return value;
  throw new InvalidArgumentError('Expected a port from 0 to 65535.');
}

/** A share of success. */
export function score(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number from 0 to 1.');
}

/** Who acts: a name that can be found again in the audit. */
export function personName(text: string): string {
  if (text.trim() !== '') return text.trim();
  throw new InvalidArgumentError('Expected a name.');
}

/** A reason is asked for because somebody will read it. */
export function reason(text: string): string {
  if (text.trim() !== '') return text.trim();
  throw new InvalidArgumentError('Expected why, in a few words.');
}
