import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { SearchAttributePair, SearchAttributeUpdatePair } from '@temporalio/common';

import type { TaskContext } from '../activities/task-activities.js';
import { succeeded, type Mode, type Outcome } from '../domain/episode.js';
import type { Scope } from '../domain/ids.js';

/** The filters of the Temporal UI; registered by the launcher, never personal data. */
export const keys = {
  tenant: defineSearchAttributeKey('RatchetTenant', SearchAttributeType.KEYWORD),
  agent: defineSearchAttributeKey('RatchetAgent', SearchAttributeType.KEYWORD),
  strategy: defineSearchAttributeKey('RatchetStrategy', SearchAttributeType.KEYWORD),
  candidate: defineSearchAttributeKey('RatchetCandidate', SearchAttributeType.KEYWORD),
  mode: defineSearchAttributeKey('RatchetMode', SearchAttributeType.KEYWORD),
  verdict: defineSearchAttributeKey('RatchetVerdict', SearchAttributeType.KEYWORD),
  success: defineSearchAttributeKey('RatchetSuccess', SearchAttributeType.BOOL),
  slices: defineSearchAttributeKey('RatchetSlices', SearchAttributeType.KEYWORD_LIST),
} as const;

export const searchAttributes = {
  /** Whose run it is, and in which mode where it is an episode's. */
  owner: ({ tenant, agent }: Scope, mode?: Mode): SearchAttributePair[] => [
    { key: keys.tenant, value: tenant },
    { key: keys.agent, value: agent },
    ...(mode === undefined ? [] : [{ key: keys.mode, value: mode }]),
  ],
  started: ({ version, slices }: TaskContext): SearchAttributeUpdatePair[] => [
    { key: keys.strategy, value: version },
    { key: keys.slices, value: [...slices] },
  ],
  ended: (outcome: Outcome): SearchAttributeUpdatePair[] => [
    { key: keys.success, value: succeeded(outcome) },
  ],
  candidate: (candidate: string): SearchAttributeUpdatePair[] => [
    { key: keys.candidate, value: candidate },
  ],
  verdict: (verdict: string): SearchAttributeUpdatePair[] => [
    { key: keys.verdict, value: verdict },
  ],
};
