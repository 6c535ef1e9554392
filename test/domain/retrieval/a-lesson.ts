import type { RecallableLesson } from '../../../src/domain/retrieval/recall.js';

/** A lesson that is searched for and applies everywhere, unless told. */
export function aLesson(
  id: string,
  text: string,
  more: Partial<RecallableLesson> = {},
): RecallableLesson {
  return {
    id,
    revision: 1,
    kind: 'rule',
    title: '',
    text,
    when: '',
    predicates: [],
    guardrail: false,
    trust: 'high',
    storedAt: '',
    ...more,
  };
}
