import OpenAI from 'openai';
import { afterEach, expect, test } from 'vitest';
import { startSimulatedModel } from '../../../src/model/simulated/server.js';
import { aRequest, CUSTOMERS } from './conversation-builder.js';
import type { SimulatedModel, SimulatedModelOptions } from '../../../src/model/simulated/server.js';

const started: SimulatedModel[] = [];
afterEach(async () => {
  for (const model of started.splice(0)) await model.close();
});

async function aModel(options: SimulatedModelOptions = {}): Promise<SimulatedModel> {
  const model = await startSimulatedModel(options);
  started.push(model);
  return model;
}

function post(model: SimulatedModel, body: string): Promise<Response> {
  return fetch(`${model.url}/chat/completions`, { method: 'POST', body });
}

test('answers the OpenAI client and says that it is simulated', async () => {
  const model = await aModel();
  const client = new OpenAI({ apiKey: 'none', baseURL: model.url, maxRetries: 0 });

  const { data, response } = await client.chat.completions
    .create(aRequest({ lessons: [CUSTOMERS], tools: ['list_tables'] }))
    .withResponse();

  expect(data.choices[0]?.message.content).toBe(
    "select count(*) from q7_krd where k_22 = 'Bergen'",
  );
  expect(data.model).toBe('ratchet-simulated');
  expect(response.headers.get('x-ratchet-model')).toBe('simulated');
  expect(data.usage?.total_tokens).toBeGreaterThan(20);
});

test('gives equal bytes for equal prompts', async () => {
  const model = await aModel();
  const other = await aModel();
  const body = JSON.stringify(aRequest());

  const first = await (await post(model, body)).text();
  const second = await (await post(other, body)).text();

  expect(second).toBe(first);
});

test('lists itself as a model', async () => {
  const model = await aModel();
  const client = new OpenAI({ apiKey: 'none', baseURL: model.url });

  const models = await client.models.list();

  expect(models.data.map(({ id }) => id)).toEqual(['ratchet-simulated']);
});

test.each([
  ['no JSON', '{"model"'],
  ['no messages', '{"model":"m","messages":[]}'],
  ['an unknown role', '{"model":"m","messages":[{"role":"king","content":"hi"}]}'],
  ['streaming', '{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}'],
])('refuses %s as OpenAI does', async (_, body) => {
  const model = await aModel();

  const response = await post(model, body);

  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: { type: 'invalid_request_error', code: 'bad_request' },
  });
});

test('does not know other addresses', async () => {
  const model = await aModel();

  const response = await fetch(`${model.url}/embeddings`, { method: 'POST', body: '{}' });

  expect(response.status).toBe(404);
});

test('fails as planned and recovers on a retry', async () => {
  const model = await aModel({ faults: { seed: 4, rates: { 'server-error': 0.5 } } });
  const body = JSON.stringify(aRequest());

  const statuses: number[] = [];
  for (let attempt = 0; attempt < 12; attempt += 1) statuses.push((await post(model, body)).status);

  expect(new Set(statuses)).toEqual(new Set([200, 500]));
});
