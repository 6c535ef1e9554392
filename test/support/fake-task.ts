import type { JudgeActivities, JudgePairRequest } from '../../src/activities/judge-activities.js';
import type { PairRow } from '../../src/activities/store.js';
import type {
  CallAnswer,
  ModelAnswer,
  ModelRequest,
  OfferedTool,
  RecordAnswer,
  RecordRequest,
  TaskActivities,
  TaskContext,
  TaskStart,
  ToolAnswer,
  ToolRequest,
} from '../../src/activities/task-activities.js';
import { episodeId, versionId } from '../../src/contracts/ids.js';
import type { Outcome, ToolCall } from '../../src/domain/episode.js';
import { LearningBudgetError } from '../../src/domain/errors.js';
import type { EpisodeId } from '../../src/domain/ids.js';
import { UNJUDGED, type PairScores } from '../../src/domain/judging.js';

/** Tools that every worker of the workflow tests registers; a test scripts what they answer. */
export const TOOL_NAMES = ['look_up', 'delete_rows', 'send_mail'] as const;

export function anOfferedTool(name: string, more: Partial<OfferedTool> = {}): OfferedTool {
  return { name, timeoutSeconds: 20, needsApproval: false, isAllowed: true, ...more };
}

export function aToolCall(id: string, tool = 'look_up', args = '{}'): ToolCall {
  return { id, tool, arguments: args };
}

/** A model's reply: calls, or the answer where there are none. */
export function aReply(more: Partial<ModelAnswer> = {}): ModelAnswer {
  return { text: '', toolCalls: [], tokens: 10, costMicroUsd: 1, model: 'gpt-test', ...more };
}

export const ANSWERED: ToolAnswer = { kind: 'done', code: null, characters: 2 };

type Reply = (request: ModelRequest, start: TaskStart) => ModelAnswer | Promise<ModelAnswer>;

/** The steps of a task with a scripted model and scripted tools; keeps everything it was asked. */
export class FakeTask
  implements TaskActivities, Pick<JudgeActivities, 'judgeOutput' | 'judgePair'>
{
  readonly starts: TaskStart[] = [];
  readonly modelRequests: ModelRequest[] = [];
  readonly toolRequests: ToolRequest[] = [];
  readonly answers: CallAnswer[] = [];
  readonly recorded: RecordRequest[] = [];
  readonly feedback = new Map<string, { readonly episode: string; readonly actor: string }>();
  /** What a task is told about itself; what is left out has a default. */
  context: Partial<TaskContext> = {};
  reply: Reply = () => aReply({ text: 'done' });
  tool: (request: ToolRequest) => ToolAnswer | Promise<ToolAnswer> = () => ANSWERED;
  /** Runs that the learning budget of the day still pays for. */
  runsLeft = Infinity;
  /** The score of a finished run; null is one that nobody could tell. */
  score: (start: TaskStart, request: RecordRequest) => number | null = () => 1;
  category: (start: TaskStart, score: number | null) => string = (_start, score) =>
    score === 1 ? 'ok' : 'failed';
  /** What the judge of the agent says of a live run that nobody else could tell about. */
  /** Judgements asked for while the day's are spent. */
  judgementsSpent = 0;
  judgement: (episode: string) => number | Promise<number> = () => 1;
  readonly judged: string[] = [];
  /** What it says of the two arms of a pair; null where it cannot tell. */
  pairJudgement: (pair: JudgePairRequest) => PairScores | Promise<PairScores> = () => null;
  readonly judgedPairs: JudgePairRequest[] = [];
  /** Called when an episode is recorded, once for each record that was asked for. */
  onRecorded: (start: TaskStart, request: RecordRequest) => Promise<void> = () => Promise.resolve();

  /** Replies in turn; the last one stands for all that follow. */
  says(...replies: readonly Partial<ModelAnswer>[]): void {
    this.reply = () => aReply(replies[Math.min(this.modelRequests.length, replies.length) - 1]);
  }

  answerTo(callId: string): CallAnswer['result'] | undefined {
    return this.answers.find(({ call }) => call.id === callId)?.result;
  }

  async recall(start: TaskStart): Promise<TaskContext> {
    if (start.mode !== 'live') {
      if (this.runsLeft <= 0) throw new LearningBudgetError('clerk', 0);
      this.runsLeft -= 1;
    }
    this.starts.push(start);
    return {
      episode: episodeOf(start),
      number: this.starts.length,
      version: start.run?.version ?? versionId('v1'),
      arm: 'active',
      model: 'gpt-test',
      temperature: 0,
      modelTimeoutSeconds: 60,
      limits: {
        modelCalls: 10,
        tokens: 1_000_000,
        costMicroUsd: null,
        toolCallsPerTurn: 4,
        badCalls: 3,
      },
      tools: TOOL_NAMES.map((name) => anOfferedTool(name)),
      slices: [],
      recalled: 0,
      isLocal: start.mode !== 'live',
      reflects: 'never',
      ...this.context,
    };
  }

  async callModel(request: ModelRequest): Promise<ModelAnswer> {
    this.modelRequests.push(request);
    return this.reply(request, this.#startOf(request.episode));
  }

  async runTool(request: ToolRequest): Promise<ToolAnswer> {
    this.toolRequests.push(request);
    return this.tool(request);
  }

  async answerCall(answer: CallAnswer): Promise<void> {
    this.answers.push(answer);
  }

  #grade(start: TaskStart, request: RecordRequest): Outcome {
    if (request.stopped !== null) {
      const isArm = ['model-calls', 'tokens', 'cost', 'bad-calls'].includes(request.stopped);
      const base = { evaluator: 'none', source: 'none', category: request.stopped } as const;
      return isArm
        ? { ...base, detail: '', score: 0, missing: 'arm' }
        : { ...base, detail: '', score: null, missing: 'infrastructure' };
    }
    const score = this.score(start, request);
    const outcome = { score, evaluator: 'fake', source: 'checker', detail: '' } as const;
    const judged = { ...outcome, category: this.category(start, score) };
    return score === null ? { ...judged, missing: 'infrastructure' } : judged;
  }

  async recordEpisode(request: RecordRequest): Promise<RecordAnswer> {
    const start = this.#startOf(request.episode);
    const outcome = this.#grade(start, request);
    this.recorded.push(request);
    await this.onRecorded(start, request);
    const value = outcome.score !== 1;
    return { outcome, informative: { value, reason: value ? 'it failed' : 'a routine success' } };
  }

  async judgeOutput({
    episode,
  }: Parameters<JudgeActivities['judgeOutput']>[0]): ReturnType<JudgeActivities['judgeOutput']> {
    this.judged.push(episode);
    if (this.judgementsSpent > 0) {
      this.judgementsSpent -= 1;
      const unjudged = {
        score: null,
        evaluator: 'strict@1',
        source: 'none',
        category: UNJUDGED,
        detail: '',
      } as const;
      return {
        outcome: unjudged,
        informative: { value: false, reason: UNJUDGED },
        waitsHours: 24,
      };
    }
    const score = await this.judgement(episode);
    const category = score === 1 ? 'ok' : 'judged-wrong';
    const outcome = {
      score,
      evaluator: 'strict@1',
      source: 'judge',
      category,
      detail: '',
    } as const;
    const value = score !== 1;
    return { outcome, informative: { value, reason: value ? 'failure' : 'routine-success' } };
  }

  async judgePair(request: JudgePairRequest): Promise<Pick<PairRow, 'baseline' | 'candidate'>> {
    this.judgedPairs.push(request);
    const scores = await this.pairJudgement(request);
    const scored = (arm: PairRow['baseline'], score: number | undefined): PairRow['baseline'] => {
      if (arm.category !== UNJUDGED) return arm;
      return score === undefined
        ? { ...arm, score: null, category: 'judge-abstained' }
        : { ...arm, score, category: score === 1 ? 'ok' : 'judged-wrong', missing: null };
    };
    return {
      baseline: scored(request.baseline, scores?.baseline),
      candidate: scored(request.candidateArm, scores?.candidate),
    };
  }

  async storeFeedback(given: {
    readonly episode: string;
    readonly id: string;
    readonly actor: string;
  }): Promise<{ readonly existing: boolean }> {
    const existing = this.feedback.has(given.id);
    if (!existing) this.feedback.set(given.id, { episode: given.episode, actor: given.actor });
    return { existing };
  }

  #startOf(episode: string): TaskStart {
    const start = this.starts.findLast((started) => episodeOf(started) === episode);
    if (start === undefined) throw new Error(`No task was recalled for episode ${episode}`);
    return start;
  }
}

/** A run that is repeated writes an episode of its own. */
function episodeOf({ run, tenant, task }: TaskStart): EpisodeId {
  if (run === undefined) return episodeId(`${tenant}.${task}`);
  const { episode, replicate = 1 } = run;
  return replicate === 1 ? episode : episodeId(`${episode}.${String(replicate)}`);
}
