import { expect, test } from 'vitest';

import { endOrphanedPostgres, endOrphanedTemporal } from '../../src/embedded/orphans.js';
import { processIdentity } from '../../src/embedded/process-identity.js';
import { aHome, aLog, aTemporalCli, holdInOtherProcess, killHard } from './temporary-home.js';

test.each([
  ['postgres', endOrphanedPostgres],
  ['temporal', endOrphanedTemporal],
] as const)(
  '%s is ended once the process that uses it was killed, and not before',
  async (what, sweep) => {
    const home = await aHome();
    const { lines, log } = aLog();
    const { child, pid } = await holdInOtherProcess(what, home, await aTemporalCli());

    await sweep({ home, log });
    const whileUsed = processIdentity(pid);
    await killHard(child);
    const orphaned = processIdentity(pid);
    await sweep({ home, log });

    expect(whileUsed).toBeDefined();
    expect(orphaned).toBe(whileUsed);
    expect(processIdentity(pid)).toBeUndefined();
    expect(lines).toEqual([`${what}: ending process ${String(pid)}, whose user was killed`]);
  },
);

test('a home that was never used stays as it is', async () => {
  const { lines, log } = aLog();

  await endOrphanedPostgres({ home: '/nowhere/at/all', log });
  await endOrphanedTemporal({ home: '/nowhere/at/all', log });

  expect(lines).toEqual([]);
});
