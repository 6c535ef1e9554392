import type { Json } from '../json.js';

export const SCALAR_TYPES = ['string', 'number', 'boolean', 'null'] as const;
export type ScalarType = (typeof SCALAR_TYPES)[number];

/** Forms that a short text can be recognised by, the narrower first. */
const FORMATS = [
  [
    'YYYY-MM-DDThh:mm:ss with zone',
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/,
  ],
  ['YYYY-MM-DDThh:mm:ss', /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/],
  ['YYYY-MM-DD', /^\d{4}-\d\d-\d\d$/],
  ['DD.MM.YYYY', /^\d{1,2}\.\d{1,2}\.\d{4}$/],
  ['NN/NN/YYYY', /^\d{1,2}\/\d{1,2}\/\d{4}$/],
  ['YYYYMMDD', /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/],
  ['hh:mm', /^\d{1,2}:\d\d$/],
  ['UUID', /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i],
  ['digits alone', /^\d+$/],
  ['a number with a decimal point', /^-?\d+\.\d+$/],
  ['a number with a decimal comma', /^-?\d+,\d{1,2}$/],
  ['a number with thousands separators', /^-?\d{1,3}(?:[ ,.]\d{3})+$/],
  ['a percentage', /^-?\d+(?:[.,]\d+)?\s?%$/],
  ['a number after a currency', /^(?:[$€£¥]|[A-Z]{3})\s?\d[\d.,]*$/],
  ['a number with a unit', /^-?\d+(?:[.,]\d+)?\s?[a-z]{1,8}$/i],
  ['an id behind a hash', /^#\w+$/],
] as const;
export type ScalarFormat = (typeof FORMATS)[number][0];
export const SCALAR_FORMATS: readonly ScalarFormat[] = FORMATS.map(([name]) => name);

/** Longest value that counts as short, in characters: what is longer is free text. */
const MAX_SCALAR_CHARACTERS = 40;

/** The type of a short scalar; undefined for lists, objects and free text. */
export function scalarType(value: Json | undefined): ScalarType | undefined {
  if (value === null) return 'null';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value !== 'string') return undefined;
  const isShort = value.length <= MAX_SCALAR_CHARACTERS && value.trim().split(/\s+/).length <= 3;
  return isShort ? 'string' : undefined;
}

export function formatOf(value: string): ScalarFormat | undefined {
  return FORMATS.find(([, pattern]) => pattern.test(value))?.[0];
}
