import { defineConfig } from 'ratchet';
import { depotAgent } from './agent.js';
import { startDepot } from './depot/server.js';

/** The depot lives as long as the worker that needs it. */
export default defineConfig({
  agents: [depotAgent({ resources: async () => ({ depot: await startDepot() }) })],
});
