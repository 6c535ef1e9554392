import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

import { madeOnce, root } from './made-once.js';

let bundle: Promise<{ readonly codePath: string }> | undefined;

/** A bundle holds workflows, domain and the SDK, which a test of the architecture makes sure of. */
const SOURCES = ['src/domain', 'src/workflows'];

/** The workflows of this source, bundled once for all test processes. */
export function workflowBundle(): Promise<{ readonly codePath: string }> {
  bundle ??= madeOnce('ratchet-workflow-bundles', SOURCES, async (draft) => {
    const { code } = await bundleWorkflowCode({
      workflowsPath: join(root, 'src', 'workflows', 'index.ts'),
      logger: new DefaultLogger('ERROR'),
    });
    await writeFile(draft, code);
  }).then((codePath) => ({ codePath }));
  return bundle;
}
