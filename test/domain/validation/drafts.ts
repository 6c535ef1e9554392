import type { EvidenceFacts, ValidationContext } from '../../../src/domain/validation/check.js';
import type { LessonDraft, LessonSource } from '../../../src/domain/lesson.js';
import { DEFAULT_PERMISSIONS } from '../../../src/domain/strategy.js';
import { episodeId, taskId } from '../../../src/contracts/ids.js';

export function aSource(channel: LessonSource['channel'], authority = 0.9): LessonSource {
  return { channel, principal: 'somebody', authority };
}

/** A benign rule from reflection; `text` replaces its body. */
export function aDraft({
  text,
  ...more
}: Partial<LessonDraft> & { text?: string } = {}): LessonDraft {
  return {
    key: 'rule/refunds',
    kind: 'rule',
    title: 'count refunds once',
    trigger: { predicates: [], when: '', notWhen: '' },
    body: { form: 'text', text: text ?? 'When counting refunds, group them by order first.' },
    rationale: '',
    evidence: [],
    sources: [aSource('reflection')],
    trust: 'medium',
    toolVersions: {},
    ...more,
  };
}

export function facts(more: Partial<EvidenceFacts> = {}): EvidenceFacts {
  return {
    episode: episodeId('e1'),
    steps: 3,
    slices: { database: 'shop' },
    input: { question: 'How many orders did each customer place in the last year?' },
    output: 'SELECT customer_id, count(*) FROM orders GROUP BY customer_id',
    ...more,
  };
}

export function aContext(more: Partial<ValidationContext> = {}): ValidationContext {
  return {
    permissions: DEFAULT_PERMISSIONS,
    tools: ['query'],
    evidence: [facts()],
    active: [],
    supportGroups: { groups: 0, experts: 0 },
    ...more,
  };
}

export function cites(steps: readonly number[], episode = 'e1'): LessonDraft['evidence'] {
  return [
    {
      episode: episodeId(episode),
      task: taskId('t1'),
      steps,
      role: 'failure',
      outcome: 0,
      reliability: 1,
    },
  ];
}
