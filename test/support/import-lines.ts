import { readImport, type ImportItem, type ReadOptions } from '../../src/cli/import/read-import.js';
import { agentId, tenantId } from '../../src/contracts/ids.js';
import type { ImportedRun, ImportFormat } from '../../src/domain/imported-run.js';
import { pseudonyms } from '../../src/security/pseudonyms.js';
import { DEFAULT_PERMISSIONS } from '../../src/domain/strategy.js';

/** Options of a reading, with an owner as the author of lessons. */
export function readOptions(
  format: ImportFormat,
  changes: Partial<Omit<ReadOptions, 'format'>> = {},
): ReadOptions {
  return {
    format,
    agent: format === 'lessons' ? agentId('clerk') : null,
    redaction: 'secrets',
    pseudonymOf: pseudonyms('a key of tests', tenantId('acme')),
    author: { source: { channel: 'operator', principal: 'ann', authority: 0.95 }, trust: 'high' },
    lessonsFor: { permissions: DEFAULT_PERMISSIONS, tools: [] },
    ...changes,
  };
}

/** Records as JSON lines, texts as they are. */
export function linesOf(...records: readonly unknown[]): string {
  return records
    .map((record) => (typeof record === 'string' ? record : JSON.stringify(record)))
    .join('\n');
}

export async function itemsIn(
  content: string | Uint8Array,
  options: ReadOptions,
): Promise<readonly ImportItem[]> {
  const items: ImportItem[] = [];
  const chunks = [Buffer.from(content)];
  for await (const item of readImport(iterate(chunks), options)) items.push(item);
  return items;
}

export async function runsIn(
  content: string,
  options: ReadOptions,
): Promise<readonly ImportedRun[]> {
  const items = await itemsIn(content, options);
  return items.flatMap((item) => (item.kind === 'run' ? [item.run] : []));
}

async function* iterate(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

/** A recorded InterCode run of two steps. */
export function anInterCodeRun(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    run_id: 'ic/plain/1',
    task_id: 'sql-1',
    config: 'plain-1t',
    model: 'some-model',
    strategy: 'single',
    trial: 0,
    slices: { hardness: 'easy', db: 'pets' },
    success: 1,
    reward: 1,
    turns: 2,
    max_turns: 10,
    steps: [
      { i: 0, action: 'SHOW TABLES', observation: "[('pets',)]", reward: 0, valid: true },
      { i: 1, action: 'SELECT 1', observation: '[(1,)]', reward: 1, valid: true },
    ],
    ...changes,
  };
}

/** A conversation with one tool call, as tau-bench and chat transcripts keep it. */
export const MESSAGES = [
  { role: 'user', content: 'How many seats?' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c1', function: { name: 'seats', arguments: '{"flight":"F1"}' } }],
  },
  { role: 'tool', tool_call_id: 'c1', name: 'seats', content: '12' },
  { role: 'assistant', content: 'Twelve.' },
  { role: 'user', content: 'Thanks' },
] as const;
