import type { LessonDraft, LessonSource } from '../lesson.js';
import { DEFAULT_PERMISSIONS } from '../strategy.js';
import type { LessonValidation, ValidationContext } from './check.js';
import { TRUST_OF_CHANNEL } from './trust.js';
import { validateLesson } from './validate.js';

/** A text of nobody's agent: no tools, no episodes, and whoever says it has said it often enough. */
const OF_NOBODY: ValidationContext = {
  permissions: DEFAULT_PERMISSIONS,
  tools: [],
  evidence: [],
  active: [],
  supportGroups: { groups: Infinity, experts: Infinity },
};

/**
 * Whether a text from a channel may stand in the prompt of a later task once its gate has passed: the
 * checks of validation that a text alone can answer, those of form, trust and danger.
 */
export function checkText(text: string, channel: LessonSource['channel']): LessonValidation {
  const draft: LessonDraft = {
    key: 'text',
    kind: 'rule',
    title: 'a text',
    trigger: { predicates: [], when: '', notWhen: '' },
    body: { form: 'text', text },
    rationale: '',
    evidence: [],
    sources: [{ channel, principal: channel, authority: 0 }],
    trust: TRUST_OF_CHANNEL[channel],
    toolVersions: {},
  };
  return validateLesson(draft, OF_NOBODY);
}
