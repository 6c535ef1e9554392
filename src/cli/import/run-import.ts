import { importedEpisodeIdOf } from '../../contracts/digest.js';
import { taskNamed } from '../../contracts/import/run-fields.js';
import type { CandidateStore } from '../../activities/candidate-store.js';
import type { Step } from '../../domain/episode.js';
import type { AgentId, TenantId } from '../../domain/ids.js';
import type { ImportedRun, ImportFormat } from '../../domain/imported-run.js';
import type { LessonDraft } from '../../domain/lesson.js';
import type { Imports } from '../../store/imports.js';
import type { Io } from '../io.js';
import { readImport, type ImportItem, type ReadOptions } from './read-import.js';
import type { ImportSource } from './source.js';

/** What an import answers. */
export interface ImportAnswer {
  readonly format: ImportFormat;
  /** Records of the source, good and bad: lines, spans or lessons. */
  readonly read: number;
  readonly added: number;
  /** What was there already. */
  readonly skipped: number;
  readonly errors: readonly ImportFault[];
}

interface ImportFault {
  readonly line: number;
  readonly message: string;
  readonly code: Extract<ImportItem, { kind: 'bad' }>['code'] | 'MORE';
}

export interface ImportTarget {
  readonly tenant: TenantId;
  readonly imports: Imports;
  readonly proposals: Pick<CandidateStore, 'putProposals'>;
}

type LessonItem = Extract<ImportItem, { kind: 'lesson' }>;

/** Runs of one transaction, whichever is reached first: what is in memory is bounded by it. */
const BATCH_RUNS = 200;
const BATCH_CHARACTERS = 4_000_000;
/** Faults that are listed one by one; the rest is a number. */
const LISTED_FAULTS = 10_000;

/**
 * Reads a source and stores what is good in it, batch by batch, each in one transaction: what a killed
 * import left is taken up by running it again. With `isStrict` everything is read first, and one fault
 * is enough for nothing to be stored.
 */
export async function runImport(
  source: ImportSource,
  options: ReadOptions & { readonly isStrict: boolean },
  target: ImportTarget,
  io: Pick<Io, 'progress'>,
): Promise<ImportAnswer> {
  if (options.isStrict) {
    const checked = await pass(source, options, null, io);
    if (checked.errors.length > 0) return checked;
  }
  return pass(source, options, target, io);
}

async function pass(
  source: ImportSource,
  options: ReadOptions,
  target: ImportTarget | null,
  io: Pick<Io, 'progress'>,
): Promise<ImportAnswer> {
  const batch = new Batch();
  const faults: ImportFault[] = [];
  let [read, added, skipped, more] = [0, 0, 0, 0];
  const progress = source.size === null ? null : io.progress(source.size);
  const flush = async (): Promise<void> => {
    if (target === null) batch.take();
    else {
      const done = await store(batch.take(), target);
      added += done.added;
      skipped += done.skipped;
    }
    progress?.update(source.position(), `${String(read)} read, ${String(added)} added`);
  };
  try {
    for await (const item of readImport(source.open(), options)) {
      if (item.kind === 'record') read += 1;
      else if (item.kind === 'bad') {
        const { line, message, code } = item;
        if (faults.length < LISTED_FAULTS) faults.push({ line, message, code });
        else more += 1;
      } else batch.add(item);
      if (batch.isFull) await flush();
    }
    await flush();
  } finally {
    progress?.end();
  }
  if (more > 0) {
    faults.push({ line: 0, message: `${String(more)} more records are bad`, code: 'MORE' });
  }
  return { format: options.format, read, added, skipped, errors: faults };
}

interface Taken {
  readonly runs: readonly ImportedRun[];
  readonly lessons: readonly LessonItem[];
}

class Batch {
  #runs: ImportedRun[] = [];
  #lessons: LessonItem[] = [];
  #characters = 0;

  add(item: Extract<ImportItem, { kind: 'run' | 'lesson' }>): void {
    const run = item.kind === 'run' ? item.run : lessonRun(item.agent, item.draft);
    if (item.kind === 'lesson') this.#lessons.push(item);
    this.#runs.push(run);
    this.#characters += charactersOf(run);
  }

  get isFull(): boolean {
    return this.#runs.length >= BATCH_RUNS || this.#characters >= BATCH_CHARACTERS;
  }

  /** What was collected, and begins anew. */
  take(): Taken {
    const taken = { runs: this.#runs, lessons: this.#lessons };
    this.#runs = [];
    this.#lessons = [];
    this.#characters = 0;
    return taken;
  }
}

function charactersOf({ steps, memory, user, system, input }: ImportedRun): number {
  return steps.reduce(
    (sum, step) => sum + charactersOfStep(step),
    user.length + system.length + (memory?.text.length ?? 0) + JSON.stringify(input).length,
  );
}

function charactersOfStep(step: Step): number {
  if (step.kind === 'tool') return step.arguments.length + step.result.content.length;
  return step.toolCalls.reduce((sum, call) => sum + call.arguments.length, step.text.length);
}

async function store({ runs, lessons }: Taken, { tenant, imports, proposals }: ImportTarget) {
  const done = runs.length === 0 ? { added: 0, skipped: 0 } : await imports.addRuns(tenant, runs);
  // Also of what is there: an import may have died between an episode and its proposal.
  for (const { agent, draft } of lessons) {
    const episode = importedEpisodeIdOf(tenant, lessonRun(agent, draft).runId);
    await proposals.putProposals({ tenant, agent }, episode, [{ draft, rejected: null }]);
  }
  return done;
}

/** The reading of a lesson that nobody here learned, which its proposal points at. */
function lessonRun(agent: AgentId, { key, sources, rationale }: LessonDraft): ImportedRun {
  return {
    runId: `lesson/${agent}/${key}`,
    agent,
    task: taskNamed(key),
    model: 'none',
    input: { lesson: key },
    slices: {},
    subject: null,
    system: '',
    user: '',
    steps: [],
    output: null,
    category: 'unknown',
    detail: rationale,
    recorded: {
      format: 'lessons',
      taskId: key,
      success: null,
      reward: null,
      turns: 0,
      strategy: sources[0]?.principal ?? 'unknown',
    },
  };
}
