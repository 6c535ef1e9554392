import { createHash } from 'node:crypto';
import { z } from 'zod';
import { chambers, type Site, type Stock } from './goods.js';

/** What the depot says no to, as HTTP has it. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** An entry that was accepted. */
export interface Entry {
  readonly receipt: string;
  readonly collection: string;
  readonly site: Site;
  readonly content: Readonly<Record<string, string | number>>;
}

interface Field {
  readonly name: string;
  /** How the document calls it. */
  readonly documented: string;
  readonly fault: (value: unknown, stock: Stock) => string | undefined;
}

const isDay = (value: unknown): boolean =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);

const lot: Field = {
  name: 'lot',
  documented: 'lot',
  fault: (value, { lots }) =>
    lots.some((each) => each.lot === value) ? undefined : '"lot" is none of this site',
};

const COLLECTIONS: Readonly<
  Record<string, { readonly prefix: string; readonly fields: readonly Field[] }>
> = {
  bookings: {
    prefix: 'BK',
    fields: [
      lot,
      {
        name: 'weight',
        documented: 'weight',
        fault: (value) =>
          Number.isInteger(value) && Number(value) >= 100
            ? undefined
            : '"weight" is in grams, a whole number from 100 on',
      },
      {
        name: 'collect_on',
        documented: 'pickup',
        fault: (value) => (isDay(value) ? undefined : '"collect_on" is a day such as 2031-05-02'),
      },
    ],
  },
  transfers: {
    prefix: 'TR',
    fields: [
      lot,
      {
        name: 'target',
        documented: 'chamber',
        fault: (value) =>
          chambers.some((chamber) => chamber === value)
            ? undefined
            : `"target" is one of ${chambers.join(', ')}`,
      },
      {
        name: 'delay',
        documented: 'delay',
        fault: (value) =>
          Number.isInteger(value) && Number(value) >= 30
            ? undefined
            : '"delay" is in minutes, a whole number from 30 on',
      },
    ],
  },
};

/** Checks an entry and gives it its receipt, which depends on nothing but what it says. */
export function entryOf(
  collection: string,
  site: Site,
  body: Readonly<Record<string, unknown>>,
  stock: Stock,
): Entry {
  const known = COLLECTIONS[collection];
  if (known === undefined) throw new Refusal(404, `nothing is at /${collection}`);
  for (const name of Object.keys(body)) {
    if (known.fields.some((field) => field.name === name)) continue;
    const renamed = known.fields.find((field) => field.documented === name);
    const said = renamed === undefined ? '' : `: it is called "${renamed.name}"`;
    throw new Refusal(422, `unknown field "${name}"${said}`);
  }
  const content = known.fields.map(({ name, fault }): [string, string | number] => {
    const value = body[name];
    if (value === undefined) throw new Refusal(422, `field "${name}" is missing`);
    const said = fault(value, stock);
    if (said !== undefined) throw new Refusal(400, said);
    return [name, typeof value === 'number' ? value : z.string().parse(value)];
  });
  const digest = createHash('sha256')
    .update(JSON.stringify([collection, site, content]))
    .digest('hex');
  return {
    receipt: `${known.prefix}-${digest.slice(0, 8)}`,
    collection,
    site,
    content: Object.fromEntries(content),
  };
}
