import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

import { createProgram } from '../../src/cli/program.js';
import { CONFIG_VARIABLES } from '../../src/config.js';
import { searchAttributes } from '../../src/embedded/search-attributes.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

const Condition = z.enum(['service_started', 'service_healthy', 'service_completed_successfully']);
const Service = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  init: z.boolean().optional(),
  restart: z.string().optional(),
  stop_grace_period: z.string().optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: Condition })).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  env_file: z.array(z.strictObject({ path: z.string(), required: z.boolean() })).optional(),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  healthcheck: z
    .strictObject({
      test: z.array(z.string()).min(2),
      interval: z.string(),
      timeout: z.string(),
      retries: z.number(),
      start_period: z.string().optional(),
    })
    .optional(),
});
const Compose = z.looseObject({
  name: z.string(),
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.null()),
});

const text = await readFile(join(root, 'docker-compose.yml'), 'utf8');
const compose = Compose.parse(parse(text, { merge: true }));
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);

test('the live and the shadow worker are separate services built from our Dockerfile', () => {
  expect(ours.map(([name, { command }]) => [name, command])).toEqual(
    expect.arrayContaining([
      ['worker', ['worker', '--only', 'live']],
      ['shadow-worker', ['worker', '--only', 'shadow']],
    ]),
  );
});

test('API and dashboard are a service of their own, behind a token, at the port that is published', () => {
  const api = compose.services['api'];

  expect(api?.build).toBeDefined();
  expect(api?.command).toEqual(['serve', '--host', '0.0.0.0', '--port', '7400']);
  expect(api?.ports).toEqual(['127.0.0.1:7400:7400']);
  expect(api?.environment).toMatchObject({
    RATCHET_API_TOKEN: expect.stringContaining(':?') as string,
    RATCHET_DASHBOARD_URL: 'http://127.0.0.1:7400',
  });
  expect(api).not.toHaveProperty('env_file');
});

test.each([
  [200, 0],
  [503, 1],
])('where the API answers %i, its health check ends with %i', async (status, code) => {
  const asked: (string | undefined)[] = [];
  const server = createServer(({ url }, response) => {
    asked.push(url);
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const [kind, program, ...rest] = compose.services['api']?.healthcheck?.test ?? [];

  const args = rest.map((argument) => argument.replace(':7400/', `:${String(port)}/`));
  const [ended] = await once(spawn(process.execPath, args), 'exit');
  server.close();

  expect([kind, program]).toEqual(['CMD', 'node']);
  expect({ ended, asked }).toEqual({ ended: code, asked: ['/healthz'] });
});

test('what our services run are commands of our command line, with options it has', async () => {
  for (const [, { command }] of ours) {
    const accepted: string[] = [];
    const program = createProgram({
      streams: { out: new PassThrough(), error: new PassThrough() },
      run: async () => void accepted.push(String(command)),
    });

    await program.parseAsync(command ?? [], { from: 'user' });

    expect(accepted).toEqual([String(command)]);
  }
});

test('every image has a full version', async () => {
  const dockerfile = await readFile(join(root, 'deploy', 'Dockerfile'), 'utf8');
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image ?? '');

  const images = [...services.map(([, { image }]) => image), ...bases];

  expect(bases).not.toEqual([]);
  for (const image of images) expect(image).toMatch(/^[a-z/-]+:\d+\.\d+\.\d+(-[a-z0-9-]+)?$/);
});

test('our image carries the version of the package', async () => {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));

  expect(new Set(ours.map(([, { image }]) => image))).toEqual(new Set([`ratchet:${version}`]));
});

test('our services set no variable that the configuration or the example does not know', () => {
  const names = ours.flatMap(([, { environment }]) => Object.keys(environment ?? {}));

  expect(names).toEqual(expect.arrayContaining(['DATABASE_URL', 'TEMPORAL_ADDRESS']));
  const unknown = names.filter((name) => !CONFIG_VARIABLES.includes(name));
  expect(new Set(unknown)).toEqual(new Set(['SQL_ANALYST_DATABASE_URL']));
});

test('the SQL of the example runs in another database and role than what Ratchet stores', () => {
  for (const [name, { environment = {} }] of ours) {
    const [own, examples] = ['DATABASE_URL', 'SQL_ANALYST_DATABASE_URL'].map((variable) =>
      /^postgres:\/\/(\w+):.*@postgres:5432\/(\w+)$/.exec(environment[variable] ?? ''),
    );
    expect(own?.slice(1), name).toEqual(['ratchet', 'ratchet']);
    expect(examples?.slice(1), name).toEqual(['company', 'company']);
  }
});

test('the shadow worker gets no credentials of production tools', () => {
  expect(compose.services['worker']?.env_file).toEqual([
    { path: 'deploy/tools.env', required: false },
  ]);
  expect(compose.services['shadow-worker']).not.toHaveProperty('env_file');
});

test('no port is published beyond this machine', () => {
  const ports = services.flatMap(([, service]) => service.ports ?? []);

  expect(ports).not.toEqual([]);
  for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
});

test('what a service waits for exists and can become what it waits for', () => {
  for (const [name, { depends_on: waitsFor }] of services) {
    for (const [other, { condition }] of Object.entries(waitsFor ?? {})) {
      const found = compose.services[other];
      expect(found, `${name} waits for ${other}`).toBeDefined();
      if (condition === 'service_healthy') expect(found).toHaveProperty('healthcheck');
      // A service that is started again and again never completes.
      if (condition === 'service_completed_successfully') {
        expect(found?.restart).toMatch(/^on-failure/);
      }
    }
  }
});

test('files handed into a container are there, and what runs as a command is executable', async () => {
  const mounts = services.flatMap(([, { volumes }]) => volumes ?? []);
  const paths = mounts
    .map((mount) => mount.replace(/^\$\{\w+:-([^}]+)\}/, '$1').split(':')[0] ?? '')
    .filter((path) => path.startsWith('.'));
  const copied = [
    ...(await readFile(join(root, 'deploy', 'Dockerfile'), 'utf8')).matchAll(
      /^COPY (?!--from)(.+) \S+$/gm,
    ),
  ].flatMap(([, files]) => (files ?? '').split(' '));

  expect(paths.length).toBeGreaterThan(3);
  for (const path of [...paths, ...copied]) {
    const mode = path.endsWith('.sh') ? constants.X_OK : constants.R_OK;
    await expect(access(join(root, path), mode), path).resolves.toBeUndefined();
  }
  const named = mounts
    .filter((mount) => /^[a-z]+:/.test(mount))
    .map((mount) => mount.split(':')[0]);
  expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(named));
});

test('every variable a person has to set is in the example file', async () => {
  const example = await readFile(join(root, 'deploy', 'env.example'), 'utf8');
  const offered = [...example.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);

  const required = [...text.matchAll(/\$\{([A-Z_]+):\?/g)].map(([, name]) => name);

  expect(required).not.toEqual([]);
  expect(offered).toEqual(expect.arrayContaining(required));
});

test('the namespace gets exactly the search attributes that the embedded server gets', async () => {
  const script = await readFile(join(root, 'deploy', 'temporal', 'create-namespace.sh'), 'utf8');

  const created = [...script.matchAll(/^ {2}(Ratchet\w+)=(\w+)/gm)].map(([, name, type]) => [
    name,
    type,
  ]);

  expect(created).toEqual(Object.entries(searchAttributes));
});
