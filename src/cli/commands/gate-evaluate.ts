import { GateLine } from '../../contracts/evaluation-lines.js';
import { reportGate, type GateReport } from '../../domain/gate/gate-summary.js';
import { concludeGate, emptyGate, type GateState } from '../../domain/gate/gate.js';
import { pairOutcome, type GatePair } from '../../domain/gate/pair.js';
import { planSlices } from '../../domain/gate/slices.js';
import type { CommandContext } from '../command.js';
import { DistinctPairs } from '../evaluate/distinct-pairs.js';
import { expectNext } from '../evaluate/expect-next.js';
import { gatePolicyFrom, type GateEvaluateOptions } from '../evaluate/gate-options.js';
import { gateText } from '../evaluate/gate-text.js';
import { createPoolCounter } from '../evaluate/pool-counter.js';
import { Spool } from '../evaluate/spool.js';
import { EXIT } from '../exit-codes.js';
import { readJsonLines } from '../json-lines.js';

/** Puts pairs from standard input to the gate, by the functions the workflow decides with. */
export async function runGateEvaluate(
  options: GateEvaluateOptions,
  { io, input, signal, directory }: Pick<CommandContext, 'io' | 'input' | 'signal' | 'directory'>,
): Promise<number> {
  const policy = await gatePolicyFrom(options, directory);
  const spool = new Spool();
  try {
    const pool = createPoolCounter(policy.sliceKeys);
    let whole = emptyGate(policy);
    const distinct = new DistinctPairs();
    await readJsonLines(
      input,
      GateLine,
      (pair, line) => {
        expectNext('i', pair.i, line);
        pool.add(pair.slice ?? {}, line);
        if (!mayStillCount(whole)) return;
        whole = distinct.add(whole, gatePairOf(pair));
        spool.add(JSON.stringify(pair));
      },
      signal,
    );
    const counts = pool.counts();
    for (const key of policy.sliceKeys ?? []) {
      if (!Object.hasOwn(counts.byKey, key)) io.note(`--slice-key ${key}: no pair has it`);
    }
    const { report, repeats } = decide(emptyGate(policy, planSlices(counts, policy)), spool);
    if (repeats > 0) {
      io.note(
        `task: ${String(repeats)} pairs repeat a task and were passed over; the first pair of each is the evidence, ` +
          'average runs of one task into one pair',
      );
    }
    // The document is a contract, field by field; people are told more.
    const { cost: _cost, worstCase: _worstCase, ...summary } = report;
    io.result(summary, gateText(report));
    return EXIT.ok;
  } finally {
    spool.close();
  }
}

/**
 * Whether a later pair can change the verdict. Slices only ever end a gate sooner, or ask for pairs
 * after the effect is shown: a gate without slices that ended otherwise needs no more.
 */
function mayStillCount({ decision }: GateState): boolean {
  return decision === undefined || decision.verdict === 'pass';
}

function decide(
  start: GateState,
  spool: Spool,
): { readonly report: GateReport; readonly repeats: number } {
  const distinct = new DistinctPairs();
  let gate = start;
  for (const line of spool.lines()) {
    if (gate.decision !== undefined) break;
    gate = distinct.add(gate, gatePairOf(GateLine.parse(JSON.parse(line))));
  }
  return { report: reportGate(gate, concludeGate(gate)), repeats: distinct.repeats };
}

function gatePairOf(line: GateLine): GatePair {
  const { i, task, baseline, candidate, missing, slice, baselineCategory, candidateCategory } =
    line;
  return {
    index: i,
    task,
    outcome: pairOutcome({
      baseline,
      candidate,
      ...(missing === undefined ? {} : { missing }),
    }),
    slices: slice ?? {},
    ...(baselineCategory === undefined ? {} : { baselineCategory }),
    ...(candidateCategory === undefined ? {} : { candidateCategory }),
  };
}
