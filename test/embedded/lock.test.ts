import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { countLeases, takeLease } from '../../src/embedded/leases.js';
import { withLock } from '../../src/embedded/lock.js';
import { processIdentity } from '../../src/embedded/process-identity.js';
import { aHome } from './temporary-home.js';

test('one at a time gets through a lock', async () => {
  const path = join(await aHome(), 'one.lock');
  let inside = 0;
  let most = 0;

  const turns = Array.from({ length: 5 }, () =>
    withLock(path, async () => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(10);
      inside -= 1;
    }),
  );
  await Promise.all(turns);

  expect(most).toBe(1);
});

test('the lock of a process that is gone is taken over', async () => {
  const home = await aHome();
  const path = join(home, 'dead.lock');
  await writeFile(path, JSON.stringify({ pid: process.pid, identity: 'of an earlier life' }));

  const result = await withLock(path, async () => 'inside');

  expect(result).toBe('inside');
  expect(await readdir(home)).toEqual([]);
});

test('who waits for a lock is told for whom, and gives up when asked to', async () => {
  const path = join(await aHome(), 'held.lock');
  const mine = { pid: process.pid, identity: processIdentity(process.pid) };
  await writeFile(path, JSON.stringify(mine));
  const holders: number[] = [];
  const signal = AbortSignal.timeout(300);

  const waiting = withLock(path, async () => 'inside', {
    signal,
    onWait: (holder) => void holders.push(holder),
  });

  await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(holders).toEqual([process.pid]);
});

test('the last lease says so, and leases of dead processes do not count', async () => {
  const directory = join(await aHome(), 'leases');
  await mkdir(directory);
  await writeFile(join(directory, 'dead.json'), JSON.stringify({ pid: 1, identity: 'gone' }));
  const first = await takeLease(directory);
  const second = await takeLease(directory);

  const held = countLeases(directory);
  const isFirstLast = first.release();
  const isSecondLast = second.release();

  expect({ held, isFirstLast, isSecondLast }).toEqual({
    held: 2,
    isFirstLast: false,
    isSecondLast: true,
  });
});
