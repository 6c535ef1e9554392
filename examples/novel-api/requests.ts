import { pick, seeded, shuffled } from '../sql-analyst/seeded.js';
import { entryOf } from './depot/entries.js';
import { chambers, kinds, sites, states, stockOf, type Site, type Stock } from './depot/goods.js';

/** One thing that an agent is asked to do, and the answer that is right. */
export interface DepotRequest {
  readonly text: string;
  /** `hall`: something is read; `ramp`: something is entered. */
  readonly area: Area;
  readonly answer: string;
}

export const areas = ['hall', 'ramp'] as const;
export type Area = (typeof areas)[number];

/** Requests of the ramp at one site. */
const ENTRIES = 60;

type Row = Readonly<Record<string, string | number>>;

/** All requests of this example, in an order that tells nothing. Only the checker sees the answers. */
export const requests: readonly DepotRequest[] = shuffled(
  sites.flatMap((site) => [...hallRequests(site), ...rampRequests(site)]),
  seeded(11),
);

const byText = new Map(requests.map((request) => [request.text, request]));

/** The request of that wording; undefined for any other text. */
export function requestOf(text: string): DepotRequest | undefined {
  return byText.get(text);
}

function hallRequests(site: Site): DepotRequest[] {
  const { lots, readings } = stockOf(site);
  const collections = [
    { name: 'lots', rows: rowsOf(lots), by: ['chamber', 'kind'], values: [chambers, kinds] },
    {
      name: 'readings',
      rows: rowsOf(readings),
      by: ['chamber', 'state'],
      values: [chambers, states],
    },
  ] as const;
  const asked = collections.flatMap(
    ({ name, rows, by: [first, second], values: [ones, others] }) => {
      const filters: Row[] = [
        ...ones.map((one) => ({ [first]: one })),
        ...others.map((other) => ({ [second]: other })),
        ...others.map((other) => ({ [first]: ones[0], [second]: other })),
      ];
      const sum = name === 'lots' ? 'crates' : 'minutes';
      return filters.flatMap((filter) => {
        const found = rows.filter((row) =>
          Object.entries(filter).every(([key, value]) => row[key] === value),
        );
        const total = found.reduce((all, row) => all + Number(row[sum]), 0);
        return [
          request(site, 'hall', `how many ${name} have ${worded(filter)}?`, String(found.length)),
          request(
            site,
            'hall',
            `what is the total ${sum} of the ${name} with ${worded(filter)}?`,
            String(total),
          ),
        ];
      });
    },
  );
  const single = [
    ...lots.slice(0, 4).map(({ lot, kind }) => ['kind', 'lot', lot, kind] as const),
    ...readings
      .slice(0, 4)
      .map(({ reading, minutes }) => ['minutes', 'reading', reading, String(minutes)] as const),
  ].map(([field, of, id, answer]) =>
    request(site, 'hall', `what is the ${field} of the ${of} ${id}?`, answer),
  );
  return [...asked, ...single];
}

function rowsOf(rows: readonly object[]): readonly Row[] {
  return rows.map((row) => Object.fromEntries(Object.entries(row)));
}

function worded(filter: Row): string {
  return listed(Object.entries(filter).map(([key, value]) => `${key} ${String(value)}`));
}

function listed(parts: readonly string[]): string {
  const [last, ...others] = [...parts].reverse();
  return others.length === 0 ? (last ?? '') : `${others.reverse().join(', ')} and ${last ?? ''}`;
}

/** Every other one enters something in two collections, a quarter two things in one, the rest one thing. */
function rampRequests(site: Site): DepotRequest[] {
  const stock = stockOf(site);
  const random = seeded(31 * (sites.indexOf(site) + 1));
  return Array.from({ length: ENTRIES }, (_, at) => {
    const both = [booking(site, stock, random), transfer(site, stock, random)];
    const [first, second] = random() < 0.5 ? both : [...both].reverse();
    if (first === undefined || second === undefined) throw new RangeError('Nothing to enter');
    const again = first.kind === 'booking' ? booking : transfer;
    const made =
      at % 4 === 0 ? [first] : at % 4 === 1 ? [first, again(site, stock, random)] : [first, second];
    return request(
      site,
      'ramp',
      made.map(({ text }) => text).join('. Then '),
      made.map(({ receipt }) => receipt).join(', '),
    );
  });
}

interface Made {
  readonly kind: 'booking' | 'transfer';
  readonly text: string;
  readonly receipt: string;
}

/** Said in kilograms, as the document has it; entered in grams. */
function booking(site: Site, stock: Stock, random: () => number): Made {
  const { lot } = pick(stock.lots, random);
  const grams = 500 * (1 + Math.floor(40 * random()));
  const day = `2031-0${String(1 + Math.floor(9 * random()))}-1${String(Math.floor(9 * random()))}`;
  const words = listed([`lot ${lot}`, `weight ${String(grams / 1000)}`, `pickup ${day}`]);
  const { receipt } = entryOf('bookings', site, { lot, weight: grams, collect_on: day }, stock);
  return { kind: 'booking', text: `make a booking with ${words} and tell me its receipt`, receipt };
}

/** Said in hours, entered in minutes. */
function transfer(site: Site, stock: Stock, random: () => number): Made {
  const { lot } = pick(stock.lots, random);
  const target = pick(chambers, random);
  const hours = 1 + Math.floor(12 * random());
  const words = listed([`lot ${lot}`, `chamber ${target}`, `delay ${String(hours)}`]);
  const { receipt } = entryOf('transfers', site, { lot, target, delay: 60 * hours }, stock);
  return {
    kind: 'transfer',
    text: `make a transfer with ${words} and tell me its receipt`,
    receipt,
  };
}

function request(site: Site, area: Area, asked: string, answer: string): DepotRequest {
  return { text: `At site ${site}, ${asked}${asked.endsWith('?') ? '' : '.'}`, area, answer };
}

/** The requests in an order that the seed decides, so many of each area in turn. */
export function requestDeck(seed: number, count: number): readonly DepotRequest[] {
  const random = seeded(seed);
  const decks = areas.map((area) =>
    shuffled(
      requests.filter((each) => each.area === area),
      random,
    ),
  );
  return Array.from({ length: count }, (_, at) => {
    const deck = decks[at % decks.length] ?? [];
    const dealt = deck[Math.floor(at / decks.length) % deck.length];
    if (dealt === undefined) throw new RangeError('There is nothing to deal');
    return dealt;
  });
}
