import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CHUNK = 65_536;

/**
 * Lines put aside in a temporary file, to be read again from the first: for what can be decided only
 * when the last one is known. The file has no name once it is open, so that nothing is left behind
 * however the process ends.
 */
export class Spool {
  readonly #file: number;
  #waiting: string[] = [];
  #length = 0;
  #written = 0;

  constructor() {
    const path = join(tmpdir(), `ratchet-${randomUUID()}`);
    this.#file = openSync(path, 'wx+', 0o600);
    rmSync(path);
  }

  /** Keeps a line, which holds no end of line. */
  add(line: string): void {
    this.#waiting.push(line);
    this.#length += line.length;
    if (this.#length >= CHUNK) this.#write();
  }

  /** The lines in the order they came. */
  *lines(): Generator<string> {
    this.#write();
    const chunk = Buffer.alloc(CHUNK);
    let rest: Buffer = Buffer.alloc(0);
    for (let at = 0; at < this.#written;) {
      const read = readSync(this.#file, chunk, 0, CHUNK, at);
      at += read;
      const bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
      const end = bytes.lastIndexOf('\n');
      if (end >= 0) yield* bytes.toString('utf8', 0, end).split('\n');
      rest = bytes.subarray(end + 1);
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(): void {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.from(`${this.#waiting.join('\n')}\n`);
    for (let from = 0; from < bytes.length;) {
      const written = writeSync(this.#file, bytes, from, bytes.length - from, this.#written);
      from += written;
      this.#written += written;
    }
    this.#waiting = [];
    this.#length = 0;
  }
}
