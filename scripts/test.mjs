/**
 * `npm test`: makes the clone ready, finds the two Temporal servers the tests need, runs vitest and
 * ends with one line that counts. Arguments are handed on to vitest.
 */
import './check-node.mjs';

const { bootstrap, ratchetHome, root, say } = await import('./bootstrap.mjs');
const { endWithNpm } = await import('./npm-parent.mjs');
const { spawn } = await import('node:child_process');
const { existsSync, mkdtempSync, readFileSync, rmSync } = await import('node:fs');
const { tmpdir } = await import('node:os');
const { join } = await import('node:path');
const { pathToFileURL } = await import('node:url');

bootstrap();
endWithNpm();
const work = mkdtempSync(join(tmpdir(), 'ratchet-test-'));
try {
  const servers = await findServers();
  const report = join(work, 'report.json');
  const status = await runVitest(servers, report);
  const counts = countIn(report, status);
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  process.exitCode = status !== 0 ? status : counts.failed > 0 ? 1 : 0;
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 6;
  console.log('0 passed, 1 failed');
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** Every test has a home of its own, so the programs are found once and named in the environment. */
async function findServers() {
  const { findTimeSkippingServer } = await built('embedded/time-skipping.js');
  const { findTemporalBinary } = await built('embedded/temporal-binary.js');
  const home = ratchetHome();
  const testServer = await findTimeSkippingServer({
    home,
    log: say,
    environment: process.env,
    path: process.env['TEMPORAL_TEST_SERVER_PATH'] || undefined,
  });
  const temporal = await findTemporalBinary({
    home,
    log: say,
    environment: process.env,
    cliPath: process.env['TEMPORAL_CLI_PATH'] || undefined,
  });
  return { TEMPORAL_TEST_SERVER_PATH: testServer, TEMPORAL_CLI_PATH: temporal.path };
}

function built(path) {
  return import(pathToFileURL(join(root, 'dist', path)).href);
}

function runVitest(servers, report) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...servers },
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // From a terminal the whole group gets it, vitest included; from elsewhere only we do.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

/** A file that could not be loaded has no tests to count: it is one failure. */
function countIn(report, status) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const summary = JSON.parse(readFileSync(report, 'utf8'));
  const broken = summary.testResults.filter(
    (file) =>
      file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
  const failed = summary.numFailedTests + broken;
  return {
    passed: summary.numPassedTests,
    failed: failed === 0 && status !== 0 ? 1 : failed,
    skipped: summary.numPendingTests + summary.numTodoTests,
  };
}
