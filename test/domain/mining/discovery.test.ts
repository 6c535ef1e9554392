import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  discoveryKey,
  learnFact,
  mineDiscoveries,
  notesOf,
  type Discovery,
  type Known,
} from '../../../src/domain/mining/discovery.js';
import type { SchemaFact } from '../../../src/domain/schema-fact.js';

function aFact(columns: readonly string[], more: Partial<SchemaFact> = {}): SchemaFact {
  return {
    about: 'singer',
    columns: columns.map((name) => ({ name })),
    complete: true,
    scope: { database: 'shop' },
    ...more,
  };
}

function learned(...facts: readonly SchemaFact[]): Known<number> {
  const known = facts.reduce<Known<number> | undefined>(
    (before, fact, at) => learnFact(before, { tool: 'execute_sql', fact, evidence: at }),
    undefined,
  );
  if (known === undefined) throw new Error('a test learns at least one fact');
  return known;
}

function textsOf(known: Known<number>): string[] {
  return notesOf(known).map(({ text }) => text);
}

test('writes one note a table, as a schema claim', () => {
  expect(textsOf(learned(aFact(['Singer_ID', 'Name'])))).toEqual(['singer(Singer_ID, Name)']);
});

test('puts glosses behind the names, in letters, digits and spaces only', () => {
  const fact = aFact([], {
    gloss: 'people; who sing!',
    columns: [{ name: 'nm', gloss: 'full name (as given)' }, { name: 'c7' }],
  });

  expect(textsOf(learned(fact))).toEqual(['singer(nm full name as given, c7) -- people who sing']);
});

test('adds partial facts up', () => {
  const known = learned(
    aFact(['Name'], { complete: false }),
    aFact(['name', 'Age'], { complete: false }),
  );

  expect(textsOf(known)).toEqual(['singer(Name, Age)']);
  expect(known.evidence).toEqual([0, 1]);
});

test('lets a complete fact beat partial ones and cites it alone', () => {
  const known = learned(aFact(['Nane'], { complete: false }), aFact(['Singer_ID', 'Name']));

  expect(textsOf(known)).toEqual(['singer(Singer_ID, Name)']);
  expect(known.evidence).toEqual([1]);
});

test('does not let a partial fact add to a complete one', () => {
  const known = learned(aFact(['Name']), aFact(['Guess'], { complete: false }));

  expect(textsOf(known)).toEqual(['singer(Name)']);
});

test('replaces a complete fact by a newer one with other columns and says what is gone', () => {
  const known = learned(aFact(['id', 'name']), aFact(['id', 'full_name']));

  expect(textsOf(known)).toEqual(['singer(id, full_name)']);
  expect(known.supersedes).toEqual(['name']);
  expect(known.evidence).toEqual([1]);
});

test('is the same value after an observation that adds nothing', () => {
  const known = learned(aFact(['id', 'name']));

  const again = learnFact(known, {
    tool: 'execute_sql',
    fact: aFact(['NAME', 'ID']),
    evidence: 9,
  });

  expect(again).toBe(known);
});

test('takes a gloss from a later observation and cites both', () => {
  const known = learned(aFact(['nm']), {
    ...aFact([]),
    complete: false,
    columns: [{ name: 'nm', gloss: 'name' }],
  });

  expect(textsOf(known)).toEqual(['singer(nm name)']);
  expect(known.evidence).toEqual([0, 1]);
});

test('leaves names that are not one plain word out of the claim', () => {
  expect(textsOf(learned(aFact(['id', 'full name', 'a-b'])))).toEqual(['singer(id)']);
  expect(textsOf(learned(aFact(['id'], { about: 'two words' })))).toEqual([]);
});

test('writes nothing from the mere existence of a table', () => {
  const known = learned(aFact([], { complete: false }));

  expect(textsOf(known)).toEqual([]);
  expect(known.evidence).toEqual([]);
});

test('keeps the same table of two databases apart', () => {
  const shop = discoveryKey('execute_sql', aFact([]));

  expect(shop).not.toBe(discoveryKey('execute_sql', aFact([], { scope: { database: 'zoo' } })));
  expect(shop).toBe(discoveryKey('execute_sql', aFact([], { about: 'SINGER' })));
});

test('splits a long table so that no text passes the cap and no column is lost', () => {
  const name = fc.stringMatching(/^[a-z][a-z_0-9]{0,40}$/);
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 60 }), (names) => {
      const texts = textsOf(learned(aFact(names)));

      const claimed = texts.flatMap((text) => text.slice('singer('.length, -1).split(', '));
      expect(claimed).toEqual(names);
      for (const text of texts) expect(text.length).toBeLessThanOrEqual(600);
    }),
  );
});

test('knows every column of the partial facts, whatever their order', () => {
  const lists = fc.array(fc.array(fc.constantFrom('a', 'B', 'b', 'c', 'd')), { minLength: 1 });
  fc.assert(
    fc.property(lists, (columns) => {
      const known = learned(...columns.map((names) => aFact(names, { complete: false })));

      const names = known.fact.columns.map(({ name }) => name.toLowerCase());
      expect(new Set(names)).toEqual(new Set(columns.flat().map((each) => each.toLowerCase())));
      expect(names.length).toBe(new Set(names).size);
    }),
  );
});

test('drafts a note for what is new and none for what was known', () => {
  const seen = (fact: SchemaFact): Discovery<never> => ({
    tool: 'execute_sql',
    fact,
    evidence: {} as never,
  });
  const first = mineDiscoveries([seen(aFact(['id']))], new Map(), { execute_sql: 'abc' });
  const known = learnFact<never>(undefined, seen(aFact(['id'])));

  const second = mineDiscoveries(
    [seen(aFact(['id'])), seen(aFact(['x'], { about: 'shop' }))],
    new Map([[known.key, known]]),
    {},
  );

  expect(first).toMatchObject([
    {
      key: known.key,
      kind: 'tool-note',
      trigger: { predicates: [{ field: 'database', op: 'eq', value: 'shop' }] },
      body: { form: 'text', text: 'singer(id)' },
      trust: 'low',
      toolVersions: { execute_sql: 'abc' },
    },
  ]);
  expect(second.map(({ title }) => title)).toEqual(['shop']);
});
