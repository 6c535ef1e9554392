import { z } from 'zod';

import type { JsonObject } from '../domain/json.js';

const Alarm = z.object({
  test: z.string(),
  logE: z.number(),
  threshold: z.number(),
  n: z.number(),
});

/** Which test made a monitor act, at what value and threshold, after how many outcomes; null for other entries. */
export function alarmEvidence(detail: JsonObject): string | null {
  const parsed = Alarm.safeParse(detail);
  if (!parsed.success) return null;
  const { test, logE, threshold, n } = parsed.data;
  return `${test}: ln E ${logE.toFixed(2)} of ${threshold.toFixed(2)} at n ${String(n)}`;
}
