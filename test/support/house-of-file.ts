import { afterAll, afterEach, beforeAll } from 'vitest';

import {
  openWorkflowHouse,
  type OpenHouse,
  type World,
  type WorkflowHouse,
} from './workflow-house.js';
import type { ServerOfTest } from './server-of-test.js';

/**
 * The house of a test file, open from its first test to its last. What a test started is quietened after
 * it: a file whose tests count days has houses of its own, since this server then lets none pass.
 */
export function houseOfFile(on?: ServerOfTest): OpenHouse {
  let opened: WorkflowHouse | undefined;
  let worlds: World[] = [];
  const house = (): WorkflowHouse => {
    if (opened === undefined) throw new Error('The house opens before the first test, not earlier');
    return opened;
  };

  beforeAll(async () => {
    opened = await openWorkflowHouse(on);
  });
  afterEach(async () => {
    for (const world of worlds) await house().quieten(world);
    worlds = [];
  });
  afterAll(() => opened?.close());

  return {
    get env() {
      return house().env;
    },
    get queue() {
      return house().queue;
    },
    world() {
      const world = house().world();
      worlds.push(world);
      return world;
    },
    startTask: (...asked) => house().startTask(...asked),
    startReflection: (...asked) => house().startReflection(...asked),
    learnerOf: (world) => house().learnerOf(world),
    resultOf: (handle) => house().resultOf(handle),
  };
}
