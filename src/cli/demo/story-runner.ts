import { setTimeout as sleep } from 'node:timers/promises';

import type { Pool } from 'pg';

import type { CandidateRow } from '../../activities/store.js';
import { candidateId, taskId } from '../../contracts/ids.js';
import type { Agent } from '../../contracts/agent.js';
import type { EpisodeId, Scope, TaskId, VersionId } from '../../domain/ids.js';
import { isEnd } from '../../domain/candidate.js';
import { lessonText } from '../../domain/lesson.js';
import { runFrozen } from '../frozen-arm.js';
import type { House } from '../house.js';
import { Rounds } from '../rounds.js';
import type { Goal, SqlAnalystExample, StoryPhase } from './example.js';

export interface PlayedTask {
  readonly phase: string;
  readonly task: TaskId;
  readonly episode: EpisodeId;
  readonly area: string;
  readonly learning: number;
  readonly frozen: number;
}

export interface StoryEvents {
  readonly onPhase: (phase: StoryPhase, index: number) => void;
  readonly onRound: (phase: StoryPhase, played: readonly PlayedTask[]) => void;
  readonly onEvent: (line: string) => void;
}

interface StoryDependencies {
  readonly house: House;
  readonly scope: Scope;
  readonly agent: Agent;
  readonly company: Pool;
  readonly example: SqlAnalystExample;
  readonly root: VersionId;
  readonly seed: number;
  readonly signal: AbortSignal;
}

const POLL_MS = 20;
const OPERATOR = { actor: 'operator', role: 'owner' } as const;

/** Plays the story of the demonstration, round by round, on the real loop. */
export class StoryRunner {
  readonly #use: StoryDependencies;
  readonly #events: StoryEvents;
  readonly #rounds: Rounds;
  readonly #deck: ReturnType<SqlAnalystExample['questionDeck']>;
  #next = 1;
  readonly played: PlayedTask[] = [];
  /** Poisonous feedback that was given. */
  poisoned = 0;

  constructor(use: StoryDependencies, events: StoryEvents) {
    this.#use = use;
    this.#events = events;
    this.#rounds = new Rounds(use.house, use.scope, use.agent);
    this.#deck = use.example.questionDeck(use.seed);
  }

  async play(): Promise<void> {
    const { example, house, scope, signal } = this.#use;
    await house.store.setBarrier(scope, 0);
    for (const [index, phase] of example.phases.entries()) {
      this.#events.onPhase(phase, index);
      const before = new Set((await this.#candidates()).map(({ id }) => id));
      await this.#begin(phase);
      if (phase.begins !== undefined) await this.#rounds.settle(signal);
      for (let round = 1; round <= phase.maxRounds; round += 1) {
        signal.throwIfAborted();
        await this.#round(phase);
        if (round >= phase.minRounds && (await this.#isReached(phase.goal, before))) break;
      }
    }
    await house.store.setBarrier(scope, null);
  }

  async #round(phase: StoryPhase): Promise<void> {
    const { house, scope, root, signal } = this.#use;
    const dealt = this.#deck.deal(phase.mix).map((question) => {
      const number = this.#next;
      this.#next += 1;
      const id = taskId(`q-${String(number).padStart(4, '0')}`);
      return { id, input: { question: question.text, area: question.area }, area: question.area };
    });
    const learning = await this.#rounds.run(dealt);
    const frozen = await runFrozen(
      house,
      scope,
      root,
      dealt.map(({ id }) => id),
    );
    const played = dealt.map(({ id, area }, index): PlayedTask => {
      const result = learning[index];
      if (result === undefined) throw new Error(`task ${id} has no result`);
      return {
        phase: phase.name,
        task: id,
        episode: result.episode,
        area,
        learning: result.score ?? 0,
        frozen: frozen[index]?.score ?? 0,
      };
    });
    this.played.push(...played);
    this.#events.onRound(phase, played);
    await this.#rounds.settle(signal);
    await this.#tell();
  }

  async #begin({ begins }: StoryPhase): Promise<void> {
    const { example, company } = this.#use;
    if (begins === undefined) return;
    switch (begins.kind) {
      case 'wrong-correction':
        return this.#correctWrongly();
      case 'poison':
        return this.#poison();
      case 'migration':
        await example.migrateCompany(company);
        this.#events.onEvent('a migration renamed columns of nine tables');
        return;
      case 'forced-rule':
        return this.#force();
    }
  }

  /** Two users, one mistake: enough support to be tried, which is all it gets. */
  async #correctWrongly(): Promise<void> {
    const { example } = this.#use;
    const targets = await this.#answers(example.wronglyCorrected, example.wrongCorrectors.length);
    for (const [index, actor] of example.wrongCorrectors.entries()) {
      const target = targets[index];
      if (target === undefined) throw new Error('the story has no answer that this user corrects');
      await this.#feedback(`wrong-${actor}`, target, { actor, role: 'user' }, null);
      this.#events.onEvent(`${actor} corrects an answer, plausibly and wrongly`);
    }
  }

  async #poison(): Promise<void> {
    const { poisons } = this.#use.example;
    for (const [index, poison] of poisons.entries()) {
      const [target] = await this.#answers((sql) => {
        const corrected = poison.correct(sql);
        return corrected === sql ? undefined : corrected;
      }, 1);
      if (target === undefined) continue;
      const id = `poison-${String(index)}`;
      await this.#feedback(id, target, { actor: poison.actor, role: 'user' }, poison.comment);
      this.poisoned += 1;
    }
    this.#events.onEvent(`${String(this.poisoned)} poisonous pieces of feedback were given`);
  }

  /** The operator corrects an answer and, sure of it, does not wait for the evidence. */
  async #force(): Promise<void> {
    const { example, house, scope, signal } = this.#use;
    const [target] = await this.#answers(example.forciblyCorrected, 1);
    if (target === undefined) throw new Error('the story has no answer that the operator corrects');
    await this.#feedback('forced', target, OPERATOR, null);
    this.#events.onEvent('an operator corrects an answer and forces the rule');
    for (;;) {
      signal.throwIfAborted();
      const { reason, text } = example.forcedRule;
      const opened = (await this.#candidates()).find(
        ({ lessons, state }) =>
          !isEnd(state) && lessons.some(({ body }) => lessonText(body) === text),
      );
      if (opened === undefined) {
        await sleep(POLL_MS, undefined, { signal });
        continue;
      }
      await house.client.decide(scope.tenant, opened.id, 'force', { ...OPERATOR, reason });
      return;
    }
  }

  async #feedback(
    id: string,
    target: { readonly episode: EpisodeId; readonly corrected: string },
    by: { readonly actor: string; readonly role: 'owner' | 'user' },
    comment: string | null,
  ): Promise<void> {
    const { house, scope } = this.#use;
    const { episode, corrected } = target;
    await house.client.giveFeedback(scope.tenant, {
      id: `${scope.tenant}-${id}`,
      episode,
      ...by,
      score: 0,
      correction: corrected,
      comment,
    });
    await this.#reflected();
  }

  /** Waits until what was said has been reflected upon; proposals enter with the round that follows. */
  async #reflected(): Promise<void> {
    const { house, scope, signal } = this.#use;
    for (;;) {
      signal.throwIfAborted();
      const moving = await house.store.unsettled(scope);
      if (!moving.some((what) => what.includes('is being reflected upon'))) return;
      await sleep(POLL_MS, undefined, { signal });
    }
  }

  /** Newest answers of live tasks that a correction applies to, one a task. */
  async #answers(
    correct: (sql: string) => string | undefined,
    count: number,
  ): Promise<readonly { episode: EpisodeId; corrected: string }[]> {
    const { house, scope } = this.#use;
    const found: { episode: EpisodeId; corrected: string }[] = [];
    for (const { episode } of [...this.played].reverse()) {
      if (found.length === count) break;
      const stored = await house.store.episode(scope.tenant, episode);
      const corrected = stored?.output == null ? undefined : correct(stored.output);
      if (corrected !== undefined) found.push({ episode, corrected });
    }
    return found;
  }

  async #candidates(): Promise<readonly CandidateRow[]> {
    return this.#use.house.store.candidates(this.#use.scope);
  }

  async #isReached(goal: Goal, before: ReadonlySet<string>): Promise<boolean> {
    const { house, scope } = this.#use;
    const all = await this.#candidates();
    const fresh = all.filter(({ id }) => !before.has(id));
    const states = all.map(({ state }) => state);
    switch (goal) {
      case 'candidate-in-canary':
        return states.includes('canary');
      case 'candidate-on-probation':
        // A phase that brings its own candidate waits for that one.
        return (fresh.length > 0 ? fresh : all).some(({ state }) => state === 'probation');
      case 'candidate-ended':
        return fresh.some(({ state }) => isEnd(state));
      case 'probation-over':
        return states.includes('promoted') && !all.some(({ state }) => isServing(state));
      case 'drift-diagnosed': {
        const entries = await house.store.auditOf(scope.tenant, null, 1000);
        return entries.some(({ action }) => action === 'drift');
      }
      case 'rolled-back':
        return states.includes('rolled-back');
    }
  }

  /** Says what the candidates did since the last round. */
  async #tell(): Promise<void> {
    const told = this.#told;
    for (const { id, number, state, title, reason } of await this.#candidates()) {
      if (told.get(id) === state) continue;
      told.set(id, state);
      this.#events.onEvent(`c${String(number)} (${title}) is ${state}: ${reason}`);
    }
  }

  readonly #told = new Map<string, string>();
}

function isServing(state: CandidateRow['state']): boolean {
  return ['passed', 'canary', 'probation'].includes(state);
}

/** A candidate's id without its tenant, the same in every run of a story. */
export function shortId(id: string): string {
  return candidateId(id).split('.').at(-1) ?? id;
}
