import { readFile } from 'node:fs/promises';

import { z } from 'zod';

import { tenantId } from '../../contracts/ids.js';
import { parseOr } from '../../contracts/parse.js';
import { InvalidInputError } from '../../domain/errors.js';
import { isSigned, publicKeyOf } from '../../security/receipts.js';
import { launchLog, type CommandContext } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { homeSecret } from '../home-secret.js';
import { openDatabase } from '../house.js';

/** The file of RATCHET_HOME that receipts are signed with. */
export const RECEIPT_KEY = 'receipts.key';

const Said = z.looseObject({ tenant: z.string(), subject: z.string(), auditSequence: z.int() });
const Shape = z.looseObject({ said: Said, publicKey: z.string(), signature: z.string() });
/** The receipt alone, or the document of `erase --json` that holds it. */
const Held = z.union([
  Shape,
  z.looseObject({ receipt: Shape }).transform(({ receipt }) => receipt),
]);

/** Checks a receipt of an erasure: its signature, that the key is of this home, and its entry in the audit. */
export async function verifyReceipt(
  file: string | undefined,
  context: CommandContext,
): Promise<number> {
  const { config, signal, io } = context;
  if (file === undefined)
    throw new InvalidInputError('FILE', 'none', 'a receipt of `erase --json`');
  const receipt = parseOr(Held, await jsonOf(file), 'receipt');
  const { said, publicKey } = receipt;
  const isAuthentic = isSigned({ ...receipt, said: z.record(z.string(), z.json()).parse(said) });
  const isOurs = publicKey === publicKeyOf(await homeSecret(config.home, RECEIPT_KEY));
  const database = await openDatabase({ config, log: launchLog(context, true), signal });
  try {
    const object = { kind: 'subject', id: said.subject };
    const entries = await database.store.auditOf(tenantId(said.tenant), object, 1000);
    const isAudited = entries.some(
      ({ sequence, action }) => sequence === said.auditSequence && action === 'feedback-erased',
    );
    const isValid = isAuthentic && isOurs && isAudited;
    io.result(
      { valid: isValid, signed: isAuthentic, ownKey: isOurs, audited: isAudited, said },
      isValid
        ? `valid: subject ${said.subject} of tenant ${said.tenant}, audit ${String(said.auditSequence)}`
        : `not valid: signature ${yes(isAuthentic)}, key of this home ${yes(isOurs)}, entry in the audit ${yes(isAudited)}`,
    );
    return isValid ? EXIT.ok : EXIT.conflict;
  } finally {
    await database.close();
  }
}

function yes(is: boolean): string {
  return is ? 'yes' : 'no';
}

async function jsonOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new InvalidInputError(file, found, 'a receipt of `erase --json`', { cause: error });
  }
}
