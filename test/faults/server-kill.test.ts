import { setTimeout as sleep } from 'node:timers/promises';

import { isGrpcServiceError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { CandidateRow } from '../../src/activities/store.js';
import type { House } from '../../src/cli/house.js';
import { isEnd, type CandidateState } from '../../src/domain/candidate.js';
import { UnavailableError } from '../../src/domain/errors.js';
import type { Scope } from '../../src/domain/ids.js';
import { verifyAudit } from '../../src/store/audit.js';
import { deskAgent, deskQuestion, startDeskModel, type DeskModel } from '../support/desk.js';
import { until } from '../support/poll.js';
import {
  openRealHouse,
  runTasks,
  scopeOf,
  startDeskWorkers,
  startRealServers,
  type RealServers,
} from '../support/real-house.js';

const desk = deskAgent();
const closers: (() => Promise<void>)[] = [];
let servers: RealServers;
let house: House;
let model: DeskModel;

beforeAll(async () => {
  servers = await startRealServers();
  closers.push(() => servers.stop());
  house = await openRealHouse(servers);
  closers.push(() => house.close());
  model = await startDeskModel();
  closers.push(() => model.close());
  await startDeskWorkers(house, [desk], model);
  // A transition lingers before its commit, so that a kill can be timed to fall into it.
  await house.pool.query(`
    create table crash_at (state text);
    grant select on crash_at to public;
    create function linger() returns trigger language plpgsql as $$
      begin
        if new.state in (select state from crash_at) then perform pg_sleep(2); end if;
        return new;
      end $$;
    create trigger linger before update on candidates for each row
      when (old.state is distinct from new.state) execute function linger();`);
});

afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** Tasks of a tenant, which go on whatever crashes: a batch that was cut short is sent again. */
class Traffic {
  readonly #scope: Scope;
  #next = 0;
  #isOver = false;
  /** Batches that a crash cut short. */
  cuts = 0;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async send(count: number): Promise<void> {
    const tasks = Array.from({ length: count }, (_, index) => ({
      id: `t-${String(this.#next + index)}`,
      input: deskQuestion('helps', this.#next + index),
    }));
    this.#next += count;
    await until('a batch of tasks has ended', () =>
      runTasks(house, desk, this.#scope, tasks).catch((error: unknown) => {
        if (!isOutage(error)) throw error;
        this.cuts += 1;
        return undefined;
      }),
    );
  }

  /** Sends while a candidate needs outcomes, until it is told to stop. */
  async keepGoing(): Promise<void> {
    while (!this.#isOver) {
      const state = await stateOf(this.#scope);
      if (state === 'canary' || state === 'probation') await this.send(6);
      else await sleep(50);
    }
  }

  stop(): void {
    this.#isOver = true;
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof UnavailableError || isGrpcServiceError(error);
}

/** Undefined where there is no candidate, or nobody to ask. */
async function stateOf(scope: Scope): Promise<CandidateState | undefined> {
  return house.store.candidates(scope).then(
    ([candidate]) => candidate?.state,
    () => undefined,
  );
}

async function isLingering(): Promise<true | undefined> {
  const { rows } = await house.pool.query(
    `select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
  );
  return rows.length > 0 ? true : undefined;
}

/** Carries a candidate to its end and crashes a server within its transition to each of these states. */
async function carry(
  scope: Scope,
  states: readonly CandidateState[],
  crash: () => Promise<void>,
): Promise<CandidateRow> {
  await house.pool.query('insert into crash_at select unnest($1::text[])', [states]);
  const traffic = new Traffic(scope);
  await traffic.send(26);
  const going = traffic.keepGoing();
  for (const state of states) {
    await until(`a transition to ${state}`, isLingering);
    await crash();
    await until('the database forgets where to linger', () =>
      house.pool.query('delete from crash_at where state = $1', [state]).then(
        () => true as const,
        () => undefined,
      ),
    );
  }
  const ended = await until(
    'the candidate has ended',
    async () => {
      const state = await stateOf(scope);
      return state !== undefined && isEnd(state) ? state : undefined;
    },
    { capMs: 280_000 },
  );
  traffic.stop();
  await going;
  const [candidate] = await house.store.candidates(scope);
  if (candidate === undefined) throw new Error(`there is no candidate though it is ${ended}`);
  return candidate;
}

/** Every transition once, in the audit as in the pointer, and nothing of it lost or doubled. */
async function expectPromotedOnce(scope: Scope, candidate: CandidateRow): Promise<void> {
  const { tenant } = scope;
  expect(candidate.state).toBe('promoted');
  const entries = await house.store.auditOf(tenant, { kind: 'candidate', id: candidate.id }, 100);
  expect(entries.map(({ action }) => action)).toEqual([
    'evaluating',
    'passed',
    'canary',
    'probation',
    'promoted',
  ]);
  const changes = await house.pool.query<{ number: number; action: string; active: string }>(
    `select c.number, a.action, c.active from pointer_changes c
     join audit a on a.tenant = c.tenant and a.sequence = c.audit_sequence
     where c.tenant = $1 order by c.number`,
    [tenant],
  );
  expect(changes.rows).toEqual([
    { number: 1, action: 'deploy', active: candidate.baseline },
    { number: 2, action: 'canary', active: candidate.baseline },
    { number: 3, action: 'probation', active: candidate.version },
  ]);
  expect(await verifyAudit(house.pool, tenant)).toMatchObject({ intact: true });
  const tasks = await house.pool.query<{ tasks: number; ended: number }>(
    `select (select count(*) from tasks where tenant = $1)::integer as tasks,
       (select count(*) from episodes
        where tenant = $1 and mode = 'live' and ended_at is not null)::integer as ended`,
    [tenant],
  );
  expect(tasks.rows[0]?.ended).toBe(tasks.rows[0]?.tasks);
}

test('a candidate is promoted once though Temporal is killed within canary start and promotion', async () => {
  const scope = scopeOf('temporal-crash', desk);

  const candidate = await carry(scope, ['canary', 'probation'], () => servers.crashTemporal());

  await expectPromotedOnce(scope, candidate);
});

test('a candidate is promoted once though Postgres is killed within canary start and promotion', async () => {
  const scope = scopeOf('postgres-crash', desk);

  const candidate = await carry(scope, ['canary', 'probation'], () => servers.crashPostgres());

  await expectPromotedOnce(scope, candidate);
});
