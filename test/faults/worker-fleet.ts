import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

import { compiled } from '../support/compiled.js';
import type { WorkerSettings } from './worker-settings.js';

const source = new URL('worker-process.ts', import.meta.url);

/** Real worker processes, each of which may be killed. */
export class WorkerFleet {
  readonly #settings: WorkerSettings;
  readonly #children = new Map<number, ChildProcess>();
  /** Pids of workers that take tasks. */
  readonly ready = new Set<number>();
  /** What the workers said on stderr. */
  said = '';
  /** Workers that ended though nobody killed them. */
  readonly deserted: number[] = [];

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  /** Resolves once the new worker takes tasks. */
  async hire(): Promise<number> {
    const script = await compiled(source);
    const child = spawn(process.execPath, [script, JSON.stringify(this.#settings)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const pid = child.pid ?? 0;
    this.#children.set(pid, child);
    child.stderr.on('data', (part: Buffer) => {
      this.said += part.toString('utf8');
    });
    child.once('exit', (_code, signal) => {
      this.ready.delete(pid);
      this.#children.delete(pid);
      if (signal !== 'SIGKILL') this.deserted.push(pid);
    });
    for await (const line of createInterface({ input: child.stdout })) {
      if (line !== 'working') continue;
      this.ready.add(pid);
      return pid;
    }
    throw new Error(`a worker ended before it worked: ${this.said}`);
  }

  /** SIGKILL: no clean-up, no goodbye. */
  kill(pid: number): void {
    this.ready.delete(pid);
    this.#children.get(pid)?.kill('SIGKILL');
  }

  async dismiss(): Promise<void> {
    const gone = [...this.#children.values()].map(
      (child) => new Promise((resolve) => child.once('exit', resolve)),
    );
    for (const pid of [...this.#children.keys()]) this.kill(pid);
    await Promise.all(gone);
  }
}
