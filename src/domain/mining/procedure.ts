import type { Slices, ToolStep, Trajectory } from '../episode.js';
import type { EpisodeId, TaskId } from '../ids.js';
import type { Json, JsonObject } from '../json.js';
import type { Evidence, LessonDraft } from '../lesson.js';
import { termsOf } from '../retrieval/terms.js';
import { jsonObjectIn } from './json-object.js';
import { isConstant, stepText, type ArgumentOrigin, type ProcedureStep } from './procedure-step.js';

/** An episode that succeeded, and the task it was about. */
export interface PassedEpisode {
  readonly episode: EpisodeId;
  readonly task: TaskId;
  readonly outcome: number;
  readonly slices: Slices;
  readonly input: JsonObject;
  readonly trajectory: Trajectory;
}

const MIN_TASKS = 2;
const MIN_STEPS = 2;
const MAX_STEPS = 8;
/** Longer and more frequent sequences hold what the others hold. */
const MAX_PROCEDURES = 3;
const MAX_WHEN_TERMS = 6;
/** A value so short stands in many an answer by chance. */
const MIN_VALUE_CHARACTERS = 3;

/** A row of calls in one episode. */
interface Occurrence {
  readonly of: PassedEpisode;
  readonly calls: readonly Call[];
}

interface Call {
  readonly step: ToolStep;
  readonly given: JsonObject;
}

/**
 * Procedures that agents follow without having been told: rows of calls of at least two tools that
 * succeeded, with the same keys of arguments, in the episodes of at least two tasks that succeeded. Calls
 * that failed are left out, and the row goes on behind them. The longest rows first, then those of most
 * tasks; a row within one that was taken is left out. Nothing of a value is copied but words of a list,
 * small numbers and truth values that were the same each time.
 */
export function mineProcedures(
  episodes: readonly PassedEpisode[],
  toolDigests: Readonly<Record<string, string>>,
): LessonDraft[] {
  const rows = new Map<string, Occurrence[]>();
  for (const of of episodes) {
    const seen = new Set<string>();
    const calls = callsOf(of.trajectory);
    for (let length = MIN_STEPS; length <= MAX_STEPS; length += 1) {
      for (let from = 0; from + length <= calls.length; from += 1) {
        const row = calls.slice(from, from + length);
        const shape = row.map(shapeOf).join(' > ');
        // A row that an episode repeats is one occurrence: what is counted is tasks.
        if (seen.has(shape) || new Set(row.map(({ step }) => step.tool)).size < 2) continue;
        seen.add(shape);
        rows.set(shape, [...(rows.get(shape) ?? []), { of, calls: row }]);
      }
    }
  }
  const repeated = [...rows]
    .map(([shape, all]) => ({ shape, all, tasks: new Set(all.map(({ of }) => of.task)).size }))
    .filter(({ tasks }) => tasks >= MIN_TASKS)
    .sort(
      (left, right) =>
        lengthOf(right.all) - lengthOf(left.all) ||
        right.tasks - left.tasks ||
        (left.shape < right.shape ? -1 : 1),
    );
  const taken: string[] = [];
  const drafts: LessonDraft[] = [];
  for (const { shape, all } of repeated) {
    if (drafts.length >= MAX_PROCEDURES) break;
    if (taken.some((longer) => ` > ${longer} > `.includes(` > ${shape} > `))) continue;
    const draft = draftOf(shape, all, toolDigests);
    if (draft === undefined) continue;
    taken.push(shape);
    drafts.push(draft);
  }
  return drafts;
}

function callsOf(trajectory: Trajectory): Call[] {
  return trajectory.flatMap((step) => {
    if (step.kind !== 'tool' || !step.result.ok) return [];
    const given = jsonObjectIn(step.arguments);
    return given === undefined ? [] : [{ step, given }];
  });
}

function shapeOf({ step, given }: Call): string {
  return `${step.tool}(${Object.keys(given).sort().join(',')})`;
}

function lengthOf([first]: readonly Occurrence[]): number {
  return first?.calls.length ?? 0;
}

function draftOf(
  shape: string,
  all: readonly Occurrence[],
  toolDigests: Readonly<Record<string, string>>,
): LessonDraft | undefined {
  const steps = Array.from({ length: lengthOf(all) }, (_, at) => stepText(stepOf(all, at)));
  const texts = steps.filter((text) => text !== undefined);
  if (texts.length < steps.length) return undefined;
  const tools = (all[0]?.calls ?? []).map(({ step }) => step.tool);
  const digests = [...new Set(tools)].flatMap((tool) => {
    const digest = toolDigests[tool];
    return digest === undefined ? [] : [[tool, digest] as const];
  });
  const predicates = commonSlices(all.map(({ of }) => of.slices));
  const where = predicates.map(({ field, value }) => `${field}=${value}`).join(',');
  return {
    key: `procedure/${where}/${shape}`,
    kind: 'procedure',
    title: tools.join(', then ').slice(0, 120),
    trigger: { predicates, when: commonTerms(all.map(({ of }) => of.input)), notWhen: '' },
    body: { form: 'steps', steps: texts },
    rationale: `${String(all.length)} episodes of ${String(new Set(all.map(({ of }) => of.task)).size)} tasks that succeeded made these calls in this order`,
    evidence: all.map(evidenceOf),
    sources: [...new Set(tools)].map((principal) => ({
      channel: 'tool_output',
      principal,
      authority: 0,
    })),
    trust: 'low',
    toolVersions: Object.fromEntries(digests),
  };
}

function stepOf(all: readonly Occurrence[], at: number): ProcedureStep {
  const call = all[0]?.calls[at];
  return {
    tool: call?.step.tool ?? '',
    arguments: Object.keys(call?.given ?? {})
      .sort()
      .map((key) => ({ key, origin: originOf(all, at, key) })),
  };
}

/** An earlier answer that held the value each time, a value that was the same each time, or the task. */
function originOf(all: readonly Occurrence[], at: number, key: string): ArgumentOrigin {
  for (let earlier = at - 1; earlier >= 0; earlier -= 1) {
    const isFromThere = all.every(({ calls }) =>
      holds(calls[earlier]?.step.result.content ?? '', calls[at]?.given[key]),
    );
    if (isFromThere) return { kind: 'step', step: earlier + 1 };
  }
  const values = new Set(all.map(({ calls }) => wordOf(calls[at]?.given[key])));
  const [value] = values;
  const isFixed = values.size === 1 && value !== undefined && isConstant(value);
  return isFixed ? { kind: 'constant', value } : { kind: 'task' };
}

function holds(answer: string, value: Json | undefined): boolean {
  const word = wordOf(value);
  return word !== undefined && word.length >= MIN_VALUE_CHARACTERS && answer.includes(word);
}

function wordOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function commonSlices(
  all: readonly Slices[],
): { readonly field: string; readonly op: 'eq'; readonly value: string }[] {
  return Object.entries(all[0] ?? {})
    .filter(([field, value]) => all.every((slices) => slices[field] === value))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([field, value]) => ({ field, op: 'eq', value }));
}

/** Words of all the tasks, in the order of the alphabet, so that they instruct nobody. */
function commonTerms(inputs: readonly JsonObject[]): string {
  const [first = new Set<string>(), ...others] = inputs.map(
    (input) => new Set(termsOf(Object.values(input).map(String).join('\n'))),
  );
  return [...first]
    .filter((term) => others.every((terms) => terms.has(term)))
    .sort()
    .slice(0, MAX_WHEN_TERMS)
    .join(', ');
}

function evidenceOf({ of, calls }: Occurrence): Evidence {
  return {
    episode: of.episode,
    task: of.task,
    steps: calls.map(({ step }) => step.index),
    role: 'success',
    outcome: of.outcome,
    reliability: 1,
  };
}
