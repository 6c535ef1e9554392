import { z } from 'zod';

import type { ImportedRun } from '../../domain/imported-run.js';
import { parseOr } from '../parse.js';
import { BadRecordError } from './bad-record.js';
import { agentNamed, Success, taskNamed, Text } from './run-fields.js';

const Name = Text.pipe(z.string().min(1).max(200));

const Row = z.object({
  dataset: Name,
  model: Name,
  method: Name,
  order: z.int().min(0),
  item: Name,
  success: Success,
  memory_version: Name,
  changed: z.boolean(),
  memory_text: Text.nullable(),
});

/**
 * Reads the rows of memories that a model wrote for itself, a row an item of a stream. A text stands
 * only where it changed, so the reader remembers the last one of each stream.
 */
export class MemoryVersionReader {
  readonly #last = new Map<string, { readonly version: string; readonly text: string }>();

  run(value: unknown): ImportedRun {
    const row = parseOr(Row, value, 'row');
    const stream = `${row.dataset}/${row.model}/${row.method}`;
    const last = this.#last.get(stream);
    if (row.memory_text === null && last?.version !== row.memory_version) {
      throw new BadRecordError(
        'MALFORMED',
        'row.memory_text',
        `none for version ${row.memory_version}`,
        `the text, for the row before has version ${last?.version ?? 'none'}`,
      );
    }
    const text = row.memory_text ?? last?.text ?? '';
    this.#last.set(stream, { version: row.memory_version, text });
    return {
      runId: `${stream}/${String(row.order)}`,
      agent: agentNamed(stream),
      task: taskNamed(row.item),
      model: row.model,
      input: { item: row.item, dataset: row.dataset },
      slices: { dataset: row.dataset },
      subject: null,
      system: '',
      user: '',
      steps: [],
      output: null,
      category: row.success ? 'ok' : 'failed',
      detail: '',
      recorded: {
        format: 'cheatsheet-memory',
        taskId: row.item,
        success: row.success,
        reward: row.success ? 1 : 0,
        turns: 0,
        strategy: row.method,
        memoryVersion: row.memory_version,
      },
      memory: { text },
    };
  }
}
