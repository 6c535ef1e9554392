import type { CommandContext } from '../command.js';
import type { Check } from '../doctor/check.js';
import { checkHome, checkNode, checkPackages, checkPrograms } from '../doctor/machine-checks.js';
import {
  checkConfiguration,
  checkDatabase,
  checkEmbeddings,
  checkModel,
  checkTemporal,
} from '../doctor/server-checks.js';
import { EXIT } from '../exit-codes.js';

/** Every dependency with its state, and the fix. */
export async function runDoctor(context: CommandContext): Promise<number> {
  const checks: readonly Check[] = [
    checkNode(),
    checkPackages(),
    await checkHome(context.config),
    ...(await checkDatabase(context)),
    await checkTemporal(context),
    await checkModel(context),
    await checkEmbeddings(context),
    await checkConfiguration(context),
    ...(await checkPrograms(context.config)),
  ];
  const isOk = checks.every(({ state }) => state === 'ok' || state === 'optional');
  const widest = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.map(({ name, state, found, fix }) => {
    const head = `${state.padEnd(8)}  ${name.padEnd(widest)}  ${found}`;
    return fix === null ? head : `${head}\n${' '.repeat(widest + 12)}-> ${fix}`;
  });
  context.io.result({ ok: isOk, checks }, lines.join('\n'));
  return isOk ? EXIT.ok : EXIT.unavailable;
}
