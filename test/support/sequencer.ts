import { existsSync } from 'node:fs';
import { relative } from 'node:path';

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files of half a minute and more, the longest first: begun late they would keep the run waiting for them
 * alone. They mostly wait, for servers and timers, so that others have the processors meanwhile.
 */
const LONG = [
  'test/real/bench-intercode.test.ts',
  'test/faults/worker-kill.test.ts',
  'test/real/loop.test.ts',
  'test/faults/server-kill.test.ts',
  'test/real/maintenance.test.ts',
  'test/faults/outage.test.ts',
  'test/real/novel-api.test.ts',
  'test/real/commands.test.ts',
];

/** After them by what a file costs: the many short ones of `unit` fill the end. */
const PROJECTS = ['real', 'workflow', 'replay', 'architecture', 'store', 'unit'];

/** Longest first, and files of a project beside one another, so that its processes can be used again. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config;
    const gone = LONG.filter((name) => !existsSync(`${root}/${name}`));
    if (gone.length > 0) throw new Error(`There is no ${gone.join(', ')} to run first`);
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const long = LONG.indexOf(relative(root, moduleId).replaceAll('\\', '/'));
      return long >= 0 ? long : LONG.length + PROJECTS.indexOf(project.name);
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
