import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDepot, type Depot } from '../../../examples/novel-api/depot/server.js';
import { requestDeck, requestOf, requests } from '../../../examples/novel-api/requests.js';
import { episodeId, taskId } from '../../../src/contracts/ids.js';
import type { ModelClient } from '../../../src/activities/model-activities.js';
import type { Step } from '../../../src/domain/episode.js';
import { lessonText } from '../../../src/domain/lesson.js';
import { mineContinuations } from '../../../src/domain/mining/continuation.js';
import { mineRecoveries } from '../../../src/domain/mining/recovery.js';
import { createModelClient } from '../../../src/model/openai-client.js';
import { startSimulatedModel, type SimulatedModel } from '../../../src/model/simulated/server.js';
import { play, promptOf, replyTo, type Played } from './play.js';

let depot: Depot;
let model: SimulatedModel;
let models: ModelClient;

beforeAll(async () => {
  depot = await startDepot({ clock: 'counted' });
  model = await startSimulatedModel();
  models = createModelClient({ baseUrl: model.url, apiKey: 'none' });
});
afterAll(async () => {
  await model.close();
  await depot.close();
});

function aRequest(pattern: RegExp) {
  const found = requests.find(({ text }) => pattern.test(text));
  if (found === undefined) throw new Error(`No request is like ${String(pattern)}`);
  return found;
}

/** Two entries in one collection. */
const TWICE = /make a booking [^.]*(?:\.\d[^.]*)?\. Then make a booking/;

function callsOf(steps: readonly Step[], tool: string) {
  return steps.flatMap((step) => {
    if (step.kind !== 'tool' || step.tool !== tool) return [];
    const given = JSON.parse(step.arguments) as Record<string, unknown>;
    return [{ index: step.index, given, ok: step.result.ok, content: step.result.content }];
  });
}

test('is refused, observes why, writes it down and finishes the same task', async () => {
  const { grade, steps, refused } = await play({ depot, models }, aRequest(TWICE));

  expect(grade.category).toBe('ok');
  expect(refused).toBe(3);
  expect(callsOf(steps, 'api_try').map(({ content }) => content)).toEqual([
    'header X-Site is missing',
    'unknown field "pickup": it is called "collect_on"',
    '"weight" is in grams, a whole number from 100 on',
    '{"accepted":true}',
  ]);
  const notes = callsOf(steps, 'scratchpad').map(({ given }) => given['value']);
  expect(notes.slice(0, 4)).toEqual([
    'send `headers.X-Site` too',
    'send `body.collect_on` instead of `body.pickup`',
    'send `body.weight` times 1000',
    'accepted',
  ]);
  expect(callsOf(steps, 'api_send').map(({ ok }) => ok)).toEqual([true, true]);
});

test('a later turn of the same task uses the scratchpad, and nothing else would have told it', async () => {
  const request = aRequest(TWICE);
  const { steps } = await play({ depot, models }, request);
  const [, second] = callsOf(steps, 'api_send');
  if (second === undefined) throw new Error('The second entry was not sent');
  const turn = steps.findLast(({ kind, index }) => kind === 'model' && index < second.index);
  const prompt = promptOf(request, [], steps.slice(0, turn?.index));
  const withoutScratchpad = prompt.map((message) =>
    message.role === 'system'
      ? { ...message, content: message.content.replace(/\n# Scratchpad[\s\S]*/, '') }
      : message,
  );

  const written = JSON.stringify(second.given);
  const told = await replyTo(models, prompt);
  const forgetful = await replyTo(models, withoutScratchpad);

  expect(prompt[0]?.content).toContain('send `body.collect_on` instead of `body.pickup`');
  expect(told.toolCalls.map(({ arguments: given }) => given)).toContain(written);
  expect(written).toContain('"X-Site"');
  expect(written).toContain('"collect_on"');
  const again = forgetful.toolCalls.find(({ tool }) => tool !== 'scratchpad');
  expect(again?.arguments).toContain('"pickup"');
  expect(again?.arguments).not.toMatch(/X-Site|collect_on/);
});

test('goes on through the parts of an answer, waits where it was too fast, and adds up', async () => {
  const request = aRequest(/how many lots have chamber D\?/);

  const { steps, grade } = await play({ depot, models }, request);

  const reads = callsOf(steps, 'api_get');
  expect(reads.filter(({ ok }) => !ok).map(({ content }) => content)).toEqual([
    'header X-Site is missing',
    'unknown query parameter "next_cursor": parts are asked for with "cursor"',
    'too many requests: retry after 1 second',
  ]);
  expect(callsOf(steps, 'pause')).toHaveLength(1);
  expect(callsOf(steps, 'scratchpad').map(({ given }) => given['value'])).toContain(
    'call `pause` after every 3 calls',
  );
  expect(grade.category).toBe('ok');
});

test('leaves nothing in the depot when it runs in a sandbox, each run in one of its own', async () => {
  const before = depot.kept().length;
  const mode = 'shadow';

  const first = await play({ depot, models }, aRequest(TWICE), [], { episode: 'a', mode });
  const second = await play({ depot, models }, aRequest(TWICE), [], { episode: 'b', mode });

  expect([first.grade.score, second.grade.score]).toEqual([1, 1]);
  expect(depot.kept()).toHaveLength(before);
});

/** What the miners make of what some runs showed: each note once, with how many runs showed it. */
function minedFrom(runs: readonly Played[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [at, { steps }] of runs.entries()) {
    const id = `r-${String(at)}`;
    const context = { episode: episodeId(id), task: taskId(id), outcome: 0, toolDigests: {} };
    const drafts = [...mineRecoveries(steps, context), ...mineContinuations(steps, context)];
    for (const { body } of drafts) {
      const text = lessonText(body);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  return counts;
}

test('its runs teach all five kinds of what is not documented, and with these notes it succeeds', async () => {
  const deck = requestDeck(5, 24);
  const plain: Played[] = [];
  for (const request of deck)
    plain.push(await play({ depot, models }, request, [], { mode: 'shadow' }));
  const notes = [...minedFrom(plain)].filter(([, runs]) => runs >= 2).map(([text]) => text);

  const told: Played[] = [];
  for (const request of deck) {
    told.push(
      await play({ depot, models }, request, notes, {
        mode: 'shadow',
        episode: `told ${request.text}`,
      }),
    );
  }

  expect(notes).toEqual(
    expect.arrayContaining([
      'When `api_try` on `POST /bookings` fails with HTTP_400, send `headers.X-Site` too.',
      'When `api_try` on `POST /bookings` fails with HTTP_422, send `body.collect_on` instead of `body.pickup`.',
      'When `api_try` on `POST /bookings` fails with HTTP_400, send `body.weight` times 1000.',
      'When `api_try` on `POST /transfers` fails with HTTP_422, send `body.target` instead of `body.chamber`.',
      'When `api_try` on `POST /transfers` fails with HTTP_400, send `body.delay` times 60.',
      'When `api_get` on `/lots` fails with HTTP_400, send `headers.X-Site` too.',
      'When `api_get` on `/lots` fails with HTTP_429, call `pause` after every 3 calls.',
      '`api_get` on `/lots` answers in parts: send `query.cursor` as `next_cursor` of the last answer until there is none.',
    ]),
  );
  const rightOf = (runs: readonly Played[]) => runs.filter(({ grade }) => grade.score === 1).length;
  expect(rightOf(told)).toBe(deck.length);
  expect(rightOf(plain)).toBeLessThan(0.7 * deck.length);
  expect(told.reduce((sum, { refused }) => sum + refused, 0)).toBe(0);
});

test('is misled by a wrong note, and wastes turns on one that the API contradicts', async () => {
  const request = aRequest(
    /^[^.]*make a booking with [^.]*(?:\.\d[^.]*)? and tell me its receipt\.$/,
  );
  const right =
    'When `api_try` on `POST /bookings` fails with HTTP_400, send `headers.X-Site` too.';
  const note = (said: string) =>
    `When \`api_try\` on \`POST /bookings\` fails with HTTP_422, ${said}.`;
  const renamed = note('send `body.collect_by` instead of `body.pickup`');

  const plain = await play({ depot, models }, request, [
    right,
    note('send `body.collect_on` instead of `body.pickup`'),
  ]);
  const wasted = await play({ depot, models }, request, [right, renamed], { episode: 'wasted' });
  const misled = await play(
    { depot, models },
    request,
    [right, note('send `body.weight` times 60')],
    {
      episode: 'misled',
    },
  );

  expect(plain.grade.score).toBe(1);
  expect(wasted.refused).toBeGreaterThan(plain.refused);
  expect(requestOf(request.text)?.answer).not.toBe(misled.answer);
});
