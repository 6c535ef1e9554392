import { expect, test } from 'vitest';

import { contentHashOf, lessonIdOf } from '../../../src/contracts/digest.js';
import { agentId, episodeId, taskId } from '../../../src/contracts/ids.js';
import type { LessonDraft, LessonRevision } from '../../../src/domain/lesson.js';
import { mineDiscoveries } from '../../../src/domain/mining/discovery.js';
import { mergeDraft } from '../../../src/domain/mining/merge.js';

function aNote(columns: readonly string[], complete: boolean, episode = 'e1'): LessonDraft {
  const [draft] = mineDiscoveries(
    [
      {
        tool: 'look',
        fact: { about: 't', columns: columns.map((name) => ({ name })), complete, scope: {} },
        evidence: {
          episode: episodeId(episode),
          task: taskId('t1'),
          steps: [1],
          role: 'observation',
          outcome: 0,
          reliability: 1,
        },
      },
    ],
    new Map(),
    {},
  );
  if (draft === undefined) throw new Error('the discovery has no note');
  return draft;
}

function stored(draft: LessonDraft, status: LessonRevision['status']): Map<string, LessonRevision> {
  const id = lessonIdOf(agentId('a'), draft.key);
  const revision = { ...draft, id, revision: 1, contentHash: contentHashOf(draft), status };
  return new Map([[draft.key, revision]]);
}

const sameContent = (draft: LessonDraft, lesson: LessonRevision): boolean =>
  contentHashOf(draft) === lesson.contentHash;

function merged(draft: LessonDraft, latest: ReadonlyMap<string, LessonRevision>) {
  return mergeDraft(draft, sameContent, latest, {});
}

test('takes what nobody said before as a revision of its own', () => {
  const draft = aNote(['a'], true);

  expect(merged(draft, new Map())).toEqual({ kind: 'revisions', drafts: [draft] });
});

test('takes the same note told again as support', () => {
  const draft = aNote(['a', 'b'], true);

  expect(merged(aNote(['a', 'b'], true, 'e2'), stored(draft, 'active')).kind).toBe('support');
});

test('grows a note by what another observation adds', () => {
  const result = merged(aNote(['b'], false, 'e2'), stored(aNote(['a'], false), 'candidate'));

  expect(result.kind === 'revisions' && result.drafts[0]?.body).toEqual({
    form: 'text',
    text: 't(a, b)',
  });
});

test('tells a retired note anew', () => {
  const draft = aNote(['a'], true);

  expect(merged(draft, stored(draft, 'retired')).kind).toBe('revisions');
});

test('does not bring back what was quarantined', () => {
  const draft = aNote(['a'], true);

  expect(merged(draft, stored(draft, 'quarantined')).kind).toBe('quarantined');
});
