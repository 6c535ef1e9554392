import type { Pool } from 'pg';

import type { Agent, AgentDefinition } from '../../contracts/agent.js';
import { loadModule, packagePath } from '../load-module.js';

/** What the demonstration uses of `examples/sql-analyst`. */
export interface SqlAnalystExample {
  readonly sqlAnalyst: (
    settings: Partial<Pick<AgentDefinition, 'id' | 'model' | 'learning' | 'resources'>>,
  ) => Agent;
  readonly createCompany: (place: Place) => Promise<void>;
  readonly openCompany: (place: Place) => Pool;
  readonly migrateCompany: (db: Pool) => Promise<void>;
  readonly questionDeck: (seed: number) => { readonly deal: (mix: Mix) => readonly Question[] };
  readonly phases: readonly StoryPhase[];
  readonly wronglyCorrected: (sql: string) => string | undefined;
  readonly wrongCorrectors: readonly string[];
  readonly forciblyCorrected: (sql: string) => string | undefined;
  readonly forcedRule: { readonly text: string; readonly reason: string };
  readonly poisons: readonly {
    readonly kind: string;
    readonly actor: string;
    readonly comment: string;
    readonly correct: (sql: string) => string;
  }[];
}

interface Place {
  readonly connectionString: string;
  readonly namespace: string;
}

export type Mix = Readonly<Record<'sales' | 'people' | 'stock', number>>;

export interface Question {
  readonly text: string;
  readonly area: string;
}

/** What ends a phase; it goes on for as many rounds as that takes, up to a limit. */
export type Goal =
  | 'candidate-in-canary'
  | 'candidate-on-probation'
  | 'candidate-ended'
  | 'probation-over'
  | 'drift-diagnosed'
  | 'rolled-back';

export interface StoryPhase {
  readonly name: string;
  readonly title: string;
  readonly mix: Mix;
  readonly goal: Goal;
  readonly minRounds: number;
  readonly maxRounds: number;
  readonly begins?: {
    readonly kind: 'wrong-correction' | 'poison' | 'migration' | 'forced-rule';
  };
}

/** Loads the example by the same way as a user's own configuration. */
export async function loadExample(): Promise<SqlAnalystExample> {
  const load = <T>(file: string): Promise<T> =>
    loadModule<T>(packagePath(`examples/sql-analyst/${file}`));
  const [agent, create, migrate, story, poison] = await Promise.all([
    load<Pick<SqlAnalystExample, 'sqlAnalyst'>>('agent.ts'),
    load<Pick<SqlAnalystExample, 'createCompany' | 'openCompany'>>('company/create.ts'),
    load<Pick<SqlAnalystExample, 'migrateCompany'>>('company/migrate.ts'),
    load<
      Pick<
        SqlAnalystExample,
        | 'questionDeck'
        | 'phases'
        | 'wronglyCorrected'
        | 'wrongCorrectors'
        | 'forciblyCorrected'
        | 'forcedRule'
      >
    >('story.ts'),
    load<Pick<SqlAnalystExample, 'poisons'>>('poison.ts'),
  ]);
  return { ...agent, ...create, ...migrate, ...story, ...poison };
}
