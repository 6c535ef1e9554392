import { html } from 'hono/html';

import type { DisputedLesson, Store } from '../../activities/store.js';
import type { Scope, VersionId } from '../../domain/ids.js';
import { lessonText } from '../../domain/lesson.js';
import type { Html } from './layout.js';

const SIDES: Readonly<Record<DisputedLesson['side'], string>> = {
  challenger: 'told last',
  serving: 'served before',
  bundled: 'proposed before',
};

/** Lessons that contradict each other, all of them out until a person says which stands; nothing where there are none. */
export async function disputesSection(
  store: Pick<Store, 'disputes' | 'lessonRevision'>,
  scope: Scope,
  active: VersionId | null,
): Promise<Html | string> {
  const open = (await store.disputes(scope)).filter(({ kept }) => kept === null);
  if (open.length === 0) return '';
  const lines: Html[] = [];
  for (const disputed of open) {
    const lesson = await store.lessonRevision(scope, disputed);
    if (lesson === null) continue;
    const name = `${lesson.id}@${String(lesson.revision)}`;
    const from = [...new Set(lesson.sources.map(({ channel }) => channel))].join(', ');
    lines.push(
      html`<tr>
        <td><code>${disputed.dispute}</code></td>
        <td><code>${name}</code>, ${SIDES[disputed.side]}</td>
        <td>${lessonText(lesson.body)}</td>
        <td>${from}</td>
        <td>
          <form method="post" action="/agents/${encodeURIComponent(scope.agent)}/keep">
            <input type="hidden" name="tenant" value="${scope.tenant}" />
            <input type="hidden" name="lesson" value="${name}" />
            <input type="hidden" name="version" value="${active ?? ''}" />
            <label>
              Reason
              <input name="reason" required maxlength="500" autocomplete="off" />
            </label>
            <button class="approve">This stands</button>
          </form>
        </td>
      </tr>`,
    );
  }
  return html`<h3>Disputed lessons</h3>
    <p class="quiet">
      They contradict each other and nothing decides between them: none of them serves until a
      person says which one stands. What served before returns at once; what was told last has to
      pass the gate.
    </p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Dispute</th>
            <th>Lesson</th>
            <th>Text</th>
            <th>From</th>
            <th>Decide</th>
          </tr>
        </thead>
        <tbody>
          ${lines}
        </tbody>
      </table>
    </div>`;
}
