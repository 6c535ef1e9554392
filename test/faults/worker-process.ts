/** Run by tests as `worker-process.ts '{…}'`: workers of the courier, until they are killed. */
import { createAgentRegistry } from '../../src/activities/agent-registry.js';
import { connectTemporal } from '../../src/client/connection.js';
import { quietTemporal } from '../../src/cli/temporal-logs.js';
import { createModelClient } from '../../src/model/openai-client.js';
import { createPool } from '../../src/store/pool.js';
import { startWorkers } from '../../src/worker.js';
import { courier } from './courier.js';
import { WorkerSettings } from './worker-settings.js';

const settings = WorkerSettings.parse(JSON.parse(process.argv[2] ?? '{}'));
const { address, databaseUrl, modelUrl, effectUrl, bundlePath } = settings;
quietTemporal({ logLevel: 'error' });
const pool = createPool({ url: databaseUrl, applicationName: 'ratchet-worker', max: 10 });
const client = await connectTemporal(address, 'default');
const workers = await startWorkers({
  pool,
  client,
  address,
  namespace: 'default',
  taskQueue: 'ratchet',
  agents: createAgentRegistry([courier(effectUrl), courier(effectUrl, 'other-courier')]),
  models: createModelClient({ baseUrl: modelUrl, apiKey: 'none' }),
  hasLocalModel: true,
  only: 'live',
  workflowBundle: { codePath: bundlePath },
});
process.stdout.write('working\n');
await workers.done;
