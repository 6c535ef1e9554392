import { InvalidInputError } from '../../domain/errors.js';
import { FAULT_KINDS, type FaultPlan } from '../../model/fault-injection.js';
import { startRecordedModel } from '../../model/recorded/server.js';
import { startSimulatedModel } from '../../model/simulated/server.js';
import { refusedPlace } from '../../server/listening.js';
import { untilAborted, type CommandContext } from '../command.js';

export interface ModelServerOptions {
  readonly recorded?: string;
  readonly mode: 'S' | 'R' | 'P' | 'D';
  readonly plain: string;
  readonly informed: string;
  readonly explore?: string;
  readonly changeAt?: number;
  readonly port: number;
  readonly latencyMs: number;
  readonly seed: number;
  readonly faults?: number;
}

/** Serves a stand-in model on the loopback until Ctrl-C. */
export async function runModelServer(
  kind: string | undefined,
  options: ModelServerOptions,
  { io, signal }: CommandContext,
): Promise<number> {
  const isRecorded = options.recorded !== undefined;
  if (kind !== undefined && kind !== 'simulated') {
    throw new InvalidInputError(
      'model-server',
      JSON.stringify(kind),
      'simulated, or --recorded DIR',
    );
  }
  if ((kind === 'simulated') === isRecorded) {
    const found = isRecorded ? 'both' : 'neither';
    throw new InvalidInputError('model-server', found, 'simulated, or --recorded DIR');
  }
  const server = await start(options);
  try {
    const model = isRecorded ? 'recorded' : 'simulated';
    io.result(
      { url: server.url, model },
      `${model} model at ${server.url}: set OPENAI_BASE_URL to it. Ctrl-C ends it.`,
    );
    await untilAborted(signal);
    return 0;
  } finally {
    await server.close();
  }
}

async function start(options: ModelServerOptions) {
  const { recorded, port, latencyMs, seed } = options;
  try {
    return recorded === undefined
      ? await startSimulatedModel({ port, latencyMs, seed, ...faultsOf(options) })
      : await startRecordedModel({ dataDir: recorded, ...recordedOptions(options) });
  } catch (error) {
    throw refusedPlace('127.0.0.1', port, error);
  }
}

function recordedOptions(options: ModelServerOptions) {
  const { mode, plain, informed, explore, changeAt, port } = options;
  return {
    mode,
    plain,
    informed,
    port,
    ...(explore === undefined || explore === 'none' ? {} : { explore }),
    ...(changeAt === undefined ? {} : { changeAt }),
    ...faultsOf(options),
  };
}

/** Every kind of fault alike, so many of the requests in all. */
function faultsOf({ faults, seed }: ModelServerOptions): { readonly faults?: FaultPlan } {
  if (faults === undefined) return {};
  const rates = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, faults / FAULT_KINDS.length]));
  return { faults: { seed, rates } };
}
