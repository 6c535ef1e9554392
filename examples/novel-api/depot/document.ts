/**
 * The OpenAPI document of the depot, as its makers left it. It is right as far as it goes, but for what
 * the depot has become since: README.md says what is not in it.
 */

const parameter = (name: string, where: 'query' | 'path', description: string) => ({
  name,
  in: where,
  required: where === 'path',
  description,
  schema: { type: 'string' },
});

const answer = (description: string, properties: object) => ({
  description,
  content: { 'application/json': { schema: { type: 'object', properties } } },
});

const text = (description: string) => ({ type: 'string', description });
const number = (description: string) => ({ type: 'number', description });

const lot = {
  lot: text('number of the lot'),
  kind: text('kind of goods'),
  chamber: text('chamber it is stored in'),
  crates: number('crates in the lot'),
};
const reading = {
  reading: text('number of the reading'),
  chamber: text('chamber it was taken in'),
  state: text('state of the chamber'),
  minutes: number('minutes that the state lasted'),
};

const written = (summary: string, required: readonly string[], properties: object) => ({
  summary,
  requestBody: {
    required: true,
    content: { 'application/json': { schema: { type: 'object', required, properties } } },
  },
  responses: { '201': answer('It was accepted', { receipt: text('receipt of the entry') }) },
});

export const document = {
  openapi: '3.1.0',
  info: {
    title: 'Brine Wharf cold depot',
    version: '2.4.0',
    description:
      'Lots in store, readings of chambers, bookings of goods and transfers between chambers. ' +
      'With the header `Dry-Run: yes` an entry is checked and not kept.',
  },
  paths: {
    '/lots': {
      get: {
        summary: 'All lots in store',
        parameters: [
          parameter('chamber', 'query', 'chamber'),
          parameter('kind', 'query', 'kind of goods'),
        ],
        responses: {
          '200': answer('The lots', {
            lots: { type: 'array', items: { type: 'object', properties: lot } },
          }),
        },
      },
    },
    '/lots/{lot}': {
      get: {
        summary: 'One lot',
        parameters: [parameter('lot', 'path', 'number of the lot')],
        responses: { '200': answer('The lot', lot) },
      },
    },
    '/readings': {
      get: {
        summary: 'All readings of temperature',
        parameters: [
          parameter('chamber', 'query', 'chamber'),
          parameter('state', 'query', 'state of the chamber: fine, warm or icy'),
        ],
        responses: {
          '200': answer('The readings', {
            readings: { type: 'array', items: { type: 'object', properties: reading } },
          }),
        },
      },
    },
    '/readings/{reading}': {
      get: {
        summary: 'One reading',
        parameters: [parameter('reading', 'path', 'number of the reading')],
        responses: { '200': answer('The reading', reading) },
      },
    },
    '/bookings': {
      post: written('Make a booking of goods to be picked up', ['lot', 'weight', 'pickup'], {
        lot: text('lot'),
        weight: number('weight, in kilograms'),
        pickup: text('day of the pickup'),
      }),
    },
    '/transfers': {
      post: written('Make a transfer into another chamber', ['lot', 'chamber', 'delay'], {
        lot: text('lot'),
        chamber: text('chamber to bring it to'),
        delay: number('delay from now on, in hours'),
      }),
    },
  },
} as const;
