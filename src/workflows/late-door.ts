import { condition } from '@temporalio/workflow';

/** Holds back what is said to a workflow until it has read what it begins with. */
export interface LateDoor {
  open(): void;
  /** The handler, answering only once the door is open; without any, an early update is refused for good. */
  behind<Given, Answer>(
    handler: (given: Given) => Promise<Answer>,
  ): (given: Given) => Promise<Answer>;
}

export function lateDoor(): LateDoor {
  let isOpen = false;
  return {
    open: () => {
      isOpen = true;
    },
    behind: (handler) => async (given) => {
      await condition(() => isOpen);
      return handler(given);
    },
  };
}
