import { ApplicationFailure } from '@temporalio/common';
import { condition, setCurrentDetails, setHandler } from '@temporalio/workflow';

import type { ToolCall } from '../domain/episode.js';
import { answerFault } from './expected-answer.js';
import { answer, type Answer, type ExpectedAnswer, type TaskProgress } from './messages.js';

/** Where calls of a task wait for a person, for days if need be. */
export interface PersonDesk {
  readonly waiting: () => TaskProgress['waiting'];
  readonly ask: (
    call: Pick<ToolCall, 'id' | 'tool'>,
    expects: ExpectedAnswer,
    question: string,
  ) => Promise<Answer>;
}

interface WaitingCall {
  readonly tool: string;
  readonly question: string;
  readonly expects: ExpectedAnswer;
  answered: Answer | null;
}

/** Takes answers from now on. One that fits no waiting call is refused at the door and changes nothing. */
export function openPersonDesk(): PersonDesk {
  const waiting = new Map<string, WaitingCall>();
  /** An answer that names no call is for the one that waits longest. */
  const callIdOf = (given: Answer): string | undefined => given.callId ?? [...waiting.keys()][0];

  const refuseUnfit = (given: Answer): void => {
    const call = waiting.get(callIdOf(given) ?? '');
    if (call === undefined) {
      const ids = [...waiting.keys()].join(', ') || 'nothing waits';
      throw ApplicationFailure.nonRetryable(
        `answer.callId: found ${given.callId ?? 'none'}, expected one of: ${ids}`,
        'ConflictError',
      );
    }
    const fault = answerFault(given, call.expects);
    if (fault !== null) throw ApplicationFailure.nonRetryable(fault, 'InvalidInputError');
  };
  setHandler(
    answer,
    (given) => {
      const callId = callIdOf(given) ?? '';
      const call = waiting.get(callId);
      if (call !== undefined) call.answered = given;
      return { callId };
    },
    { validator: refuseUnfit },
  );

  return {
    waiting: () =>
      [...waiting].map(([callId, { tool, question, expects }]) => ({
        callId,
        tool,
        question,
        expects,
      })),
    ask: async ({ id, tool }, expects, question) => {
      const entry: WaitingCall = { tool, question, expects, answered: null };
      waiting.set(id, entry);
      setCurrentDetails(`**Waits for a person**: ${question}`);
      await condition(() => entry.answered !== null);
      waiting.delete(id);
      if (waiting.size === 0) setCurrentDetails('');
      return entry.answered ?? { actor: 'nobody' };
    },
  };
}
