import type { Json } from '../json.js';

/** One message of a failed run, as its author wrote it down. */
export interface TrajectoryStep {
  /** Its number in the trajectory it comes from. */
  readonly i: number;
  readonly agent: string;
  readonly role: string;
  readonly content: string;
  /** The tool it called, with the error the call met. */
  readonly tool?:
    | {
        readonly name: string;
        readonly arguments?: Json | undefined;
        readonly error?: string | null | undefined;
      }
    | null
    | undefined;
}

/** A run that failed, by one agent or many, without a word on why. */
export interface FailedTrajectory {
  readonly question: string;
  readonly steps: readonly TrajectoryStep[];
}

/** Who can be blamed is an agent; what code and tools answer, and what a person says, is given. */
export type Speaker = 'agent' | 'environment' | 'person';

const ENVIRONMENT_NAME =
  /^(?:computer[\s_-]?terminal|terminal|environment|env|tools?|system|function|(?:code[\s_-]?)?(?:executor|interpreter))$/i;
const ENVIRONMENT_ROLE = /^(?:tool|system|function|environment|developer)$/i;
const PERSON = /^(?:human|user|customer|client|person)(?:[\s_-]?proxy)?$/i;
const SUFFIX = /\s*\([^()]*\)\s*$/;

/**
 * Who speaks in each step.
 *
 * In a chat that an assistant opens, the role `user` is only how it sees the other agents; in one that
 * a user opens, it is a person.
 */
export function speakersOf(steps: readonly TrajectoryStep[]): readonly Speaker[] {
  const isAmongAgents = steps[0]?.role.toLowerCase() === 'assistant';
  return steps.map(({ agent, role }) => {
    const name = agent.replace(SUFFIX, '');
    if (ENVIRONMENT_ROLE.test(role) || ENVIRONMENT_NAME.test(name)) return 'environment';
    if (PERSON.test(name)) return 'person';
    if (!PERSON.test(role)) return 'agent';
    return isAmongAgents && role.toLowerCase() === 'user' ? 'agent' : 'person';
  });
}

/** An agent's name without what it does in this step: `Orchestrator (thought)` is `Orchestrator`. */
export function agentName(step: TrajectoryStep): string {
  const name = step.agent.replace(SUFFIX, '');
  return name === '' ? step.agent : name;
}
