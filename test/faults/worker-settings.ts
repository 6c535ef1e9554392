import { z } from 'zod';

/** What a worker process is told on its command line. */
export const WorkerSettings = z.strictObject({
  address: z.string(),
  databaseUrl: z.string(),
  modelUrl: z.string(),
  effectUrl: z.string(),
  bundlePath: z.string(),
});
export type WorkerSettings = z.infer<typeof WorkerSettings>;
