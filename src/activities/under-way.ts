import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** What a worker is at, for whoever has to end it. */
export class UnderWay {
  readonly #names = new Set<{ readonly name: string }>();

  readonly interceptor: ActivityInterceptorsFactory = ({ info }) => ({
    inbound: {
      execute: async (input, next) => {
        const { activityType, workflowExecution } = info;
        const own = {
          name: `${activityType} of ${workflowExecution?.workflowId ?? 'no workflow'}`,
        };
        this.#names.add(own);
        try {
          return await next(input);
        } finally {
          this.#names.delete(own);
        }
      },
    },
  });

  /** Activities that have begun and not ended, by name and workflow; the oldest first. */
  names(): readonly string[] {
    return [...this.#names].map(({ name }) => name);
  }
}
