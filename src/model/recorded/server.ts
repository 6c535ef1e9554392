import {
  startCompletionServer,
  type CompletionReply,
  type CompletionRequest,
  type CompletionServer,
} from '../completion-server.js';
import type { FaultPlan } from '../fault-injection.js';
import { castRun, findTask, libraryOf, type Library } from './cast.js';
import { castingOf, configsIn, modelNameOf, type Casting } from './casting.js';
import { readRecordedTasks, readRuns, type RunsByTask } from './dataset.js';
import { nextTurn } from './playback.js';
import { inputOf, lessonsOf } from './prompt.js';

export interface RecordedModelOptions {
  readonly dataDir: string;
  /** What a model name without `recorded/` plays; R and P play `plain`. */
  readonly mode: 'S' | 'R' | 'P' | 'D';
  readonly plain: string;
  readonly informed: string;
  /** One more configuration to have at hand, `recorded/<explore>`. */
  readonly explore?: string;
  /** Mode D: from which task on, counted from 1 in file order, `informed` takes over. */
  readonly changeAt?: number;
  readonly port?: number;
  readonly faults?: FaultPlan;
}

/**
 * Serves the recorded runs of a data directory as a model. A request names what it wants to hear as
 * its model: `recorded/<config>`, `recorded/S:<plain>:<informed>`, `recorded/D:<before>:<after>:<k>`,
 * of any configurations there are; another name gets what the options say.
 */
export async function startRecordedModel(options: RecordedModelOptions): Promise<CompletionServer> {
  const data = await readRecordedTasks(options.dataDir);
  const runs = new Map<string, RunsByTask>();
  for (const config of data.configs) runs.set(config, await readRuns(data, config));
  const library = libraryOf(data, runs);
  const fallback = castingOfOptions(options);
  for (const config of [...configsIn(fallback), ...(options.explore ? [options.explore] : [])]) {
    if (!runs.has(config)) await readRuns(data, config);
  }
  return startCompletionServer({
    answer: (request) => answerFrom(library, request, fallback),
    models: data.configs.map((config) => modelNameOf({ mode: 'config', config })),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.faults === undefined ? {} : { faults: options.faults }),
  });
}

/** What the recordings answer to a request. */
export function answerFrom(
  library: Library,
  request: CompletionRequest,
  fallback: Casting,
): CompletionReply {
  const casting = castingOf(request.model) ?? fallback;
  const found = findTask(library, inputOf(request.messages, ['task', 'database', 'question']));
  if (!found.ok) return notRecorded(found.message);
  const unknown = configsIn(casting).find((config) => !library.runs.has(config));
  if (unknown !== undefined) {
    const known = [...library.runs.keys()].join(', ');
    return notRecorded(`model: found configuration ${unknown}, expected one of ${known}`);
  }
  const lessonTexts = lessonsOf(request.messages).map(({ text }) => text);
  const run = castRun(library, casting, found, lessonTexts);
  if (run === undefined) {
    return notRecorded(`no run of ${found.task.taskId} was recorded for ${request.model}`);
  }
  return nextTurn(run, request.messages);
}

function castingOfOptions({ mode, plain, informed, changeAt }: RecordedModelOptions): Casting {
  switch (mode) {
    case 'R':
    case 'P':
      return { mode: 'config', config: plain };
    case 'S':
      return { mode: 'S', plain, informed };
    case 'D':
      return { mode: 'D', before: plain, after: informed, k: changeAt ?? 1 };
  }
}

function notRecorded(message: string): CompletionReply {
  return { ok: false, status: 404, type: 'invalid_request_error', code: 'not_recorded', message };
}
