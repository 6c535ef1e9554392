import { html } from 'hono/html';

import type { AuditEntry, CandidateRow, Pointer } from '../../activities/store.js';
import { alarmEvidence } from '../../contracts/alarm-evidence.js';
import type { CandidateWord } from '../../domain/candidate-words.js';
import type { CandidateId, Scope, TenantId } from '../../domain/ids.js';
import { lessonText, type LessonRevision } from '../../domain/lesson.js';
import type { CandidateLife, EvaluatedPair } from '../../store/candidate-queries.js';
import type { DashboardHouse, PageContext } from '../dashboard-house.js';
import { possibleWords } from '../decisions.js';
import { workflowLink } from '../temporal-links.js';
import { gateSection } from './gate-section.js';
import type { Html, Page } from './layout.js';
import { instant, shortId } from './numbers.js';

const PAIRS_SHOWN = 200;

/** One candidate: what it changes, the evidence, who decided what, and what may be done about it. */
export async function candidatePage(
  context: PageContext,
  tenant: TenantId,
  id: CandidateId,
): Promise<Page> {
  const { house, queries } = context;
  const scope = await queries.scopeOfCandidate(tenant, id);
  const life = await queries.candidateLife(tenant, id);
  const pointer = await house.store.pointer(scope);
  const { candidate } = life;
  const before = await lessonsBefore(house, scope, candidate);
  return {
    title: `c${String(candidate.number)} ${candidate.title}`,
    body: html`<div class="heading">
        <h1>${candidate.title}</h1>
        <p class="quiet">
          c${candidate.number} of
          <a href="/?tenant=${encodeURIComponent(tenant)}">${scope.agent}</a> ·
          <span class="state ${candidate.state}">${candidate.state}</span> ${candidate.reason}
        </p>
        <p class="quiet">${links(house, candidate)}</p>
      </div>
      ${actions(context, tenant, candidate, pointer)}
      ${life.gateRecords.map((record) => gateSection(record, life.pairs))}
      ${life.gateRecords.length === 0 ? noEvidence(candidate) : ''} ${diff(candidate, before)}
      ${pairsSection(life)} ${auditSection(life.audit)}`,
  };
}

function links(house: DashboardHouse, candidate: CandidateRow): Html | string {
  const reflect = workflowLink(house, candidate.workflowId);
  const shadow = workflowLink(house, `shadow/${candidate.id}`);
  if (reflect === null || shadow === null) return '';
  return html`In the Temporal UI: <a href="${reflect}">its life ↗</a> ·
    <a href="${shadow}">its shadow evaluation ↗</a>`;
}

function actions(
  { actor }: PageContext,
  tenant: TenantId,
  candidate: CandidateRow,
  pointer: Pointer | null,
): Html | string {
  const words = possibleWords(candidate, pointer);
  if (words.length === 0) return '';
  return html`<section class="card">
    <h2>Decide</h2>
    <p class="quiet">${consequence(words)} Recorded as <code>${actor.id}</code>, ${actor.role}.</p>
    <form method="post">
      <input type="hidden" name="tenant" value="${tenant}" />
      <input type="hidden" name="state" value="${candidate.state}" />
      <input type="hidden" name="version" value="${pointer?.active ?? ''}" />
      <label>
        Reason
        <input name="reason" required maxlength="500" autocomplete="off" />
      </label>
      <div class="buttons">
        ${words.map(
          (word) =>
            html`<button
              class="${word}"
              formaction="/candidates/${encodeURIComponent(candidate.id)}/${word}"
            >
              ${LABELS[word]}
            </button>`,
        )}
      </div>
    </form>
  </section>`;
}

const LABELS: Readonly<Record<CandidateWord, string>> = {
  approve: 'Approve',
  veto: 'Veto',
  force: 'Force',
  abort: 'Abort',
  rollback: 'Roll back',
};

function consequence(words: readonly CandidateWord[]): string {
  if (words.includes('rollback')) return 'Rolling back returns every later task to the baseline.';
  if (words.includes('approve')) return 'Approving lets it go on to its canary.';
  return 'Forcing skips the gate; the audit keeps your name.';
}

/** What the baseline says where the bundle takes something away or puts another revision in its place. */
async function lessonsBefore(
  { store }: DashboardHouse,
  scope: Scope,
  { baseline, bundle: { put, remove } }: CandidateRow,
): Promise<ReadonlyMap<string, LessonRevision>> {
  const touched = new Set([
    ...remove,
    ...put.filter(({ revision }) => revision > 1).map(({ lesson }) => lesson),
  ]);
  if (baseline === null || touched.size === 0) return new Map();
  const served = await store.lessonsServing(scope, baseline);
  return new Map(served.filter(({ id }) => touched.has(id)).map((lesson) => [lesson.id, lesson]));
}

function diff(candidate: CandidateRow, before: ReadonlyMap<string, LessonRevision>): Html {
  const { put, remove, parameters } = candidate.bundle;
  const changes = Object.entries(parameters);
  const found = (ref: { lesson: string; revision: number }): LessonRevision | undefined =>
    candidate.lessons.find(({ id, revision }) => id === ref.lesson && revision === ref.revision);
  return html`<section class="card">
    <h2>What it changes</h2>
    <p class="quiet">
      ${
        candidate.baseline === null
          ? 'The bundle is still open.'
          : html`<code>${shortId(candidate.baseline)}</code> →
              <code>${shortId(candidate.version ?? '')}</code>`
      }
    </p>
    <div class="diff">
      ${put.map((ref) => lessonAdded(ref, found(ref), before.get(ref.lesson)))}
      ${remove.map((lesson) => lessonRemoved(lesson, before.get(lesson)))}
      ${changes.map(
        ([name, value]) => html`<pre class="added">+ ${name} = ${JSON.stringify(value)}</pre>`,
      )}
    </div>
  </section>`;
}

function lessonAdded(
  ref: { readonly lesson: string; readonly revision: number },
  lesson: LessonRevision | undefined,
  replaced: LessonRevision | undefined,
): Html {
  if (lesson === undefined) return html`<pre class="added">+ lesson ${ref.lesson}</pre>`;
  const { title, rationale, trust, evidence, trigger } = lesson;
  const seen = evidence.length === 1 ? 'seen once' : `seen ${String(evidence.length)} times`;
  const when = trigger.predicates.map(
    ({ field, op, value }) =>
      `${field} ${op} ${typeof value === 'string' ? value : value.join(', ')}`,
  );
  return html`<article>
    <h3>${title} <span class="quiet">${ref.lesson}@${ref.revision}</span></h3>
    ${replaced === undefined ? '' : html`<pre class="removed">${lessonText(replaced.body)}</pre>`}
    <pre class="added">${lessonText(lesson.body)}</pre>
    <p class="quiet">
      ${lesson.kind}, trust ${trust},
      ${seen}${when.length === 0 ? '' : `, where ${when.join(' and ')}`}. ${rationale}
    </p>
  </article>`;
}

function lessonRemoved(id: string, lesson: LessonRevision | undefined): Html {
  if (lesson === undefined) return html`<pre class="removed">− lesson ${id}</pre>`;
  return html`<article>
    <h3>${lesson.title} <span class="quiet">${id}@${lesson.revision}, taken away</span></h3>
    <pre class="removed">${lessonText(lesson.body)}</pre>
  </article>`;
}

function noEvidence(candidate: CandidateRow): Html {
  const waits = candidate.state === 'open' || candidate.state === 'evaluating';
  return html`<section class="card">
    <h2>Evidence</h2>
    <p class="empty">
      ${
        waits
          ? 'No verdict yet; pairs appear below as they are committed.'
          : 'It was never judged by the gate.'
      }
    </p>
  </section>`;
}

function differs({ baseline, candidate }: EvaluatedPair): boolean {
  return baseline.score !== candidate.score;
}

function pairsSection({ pairs }: CandidateLife): Html | string {
  if (pairs.length === 0) return '';
  const ordered = [...pairs].sort((left, right) => Number(differs(right)) - Number(differs(left)));
  const wins = pairs.filter(
    ({ baseline, candidate }) => (candidate.score ?? 0) > (baseline.score ?? 0),
  );
  const losses = pairs.filter(
    ({ baseline, candidate }) => (candidate.score ?? 0) < (baseline.score ?? 0),
  );
  return html`<section class="card">
    <h2>Pairs</h2>
    <p class="quiet">
      ${pairs.length} pairs: ${wins.length} won, ${losses.length} lost,
      ${pairs.length - wins.length - losses.length} alike. Those that differ come first.
    </p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th class="number">Index</th>
            <th>Task</th>
            <th>Slices</th>
            <th>Baseline</th>
            <th>Candidate</th>
          </tr>
        </thead>
        <tbody>
          ${ordered.slice(0, PAIRS_SHOWN).map(pairLine)}
        </tbody>
      </table>
    </div>
    ${
      ordered.length > PAIRS_SHOWN
        ? html`<p class="quiet">
            ${ordered.length - PAIRS_SHOWN} more: <code>ratchet candidates show --json</code>
          </p>`
        : ''
    }
  </section>`;
}

function pairLine(pair: EvaluatedPair): Html {
  const slices = Object.entries(pair.slices).map(([key, value]) => `${key}=${value}`);
  const purpose = pair.purpose === 'diagnosis' ? ', diagnosis' : '';
  return html`<tr>
    <td class="number">${pair.index}</td>
    <td>${pair.task}</td>
    <td class="quiet">${slices.join(', ')}${purpose}</td>
    <td>${arm(pair.baseline)}</td>
    <td>${arm(pair.candidate)}</td>
  </tr>`;
}

function arm({ score, category, missing }: EvaluatedPair['baseline']): Html {
  if (score === null)
    return html`<span class="verdict missing">missing</span> ${missing ?? category}`;
  const tone = score >= 0.5 ? 'pass' : 'reject';
  return html`<span class="verdict ${tone}">${score}</span> ${category === 'ok' ? '' : category}`;
}

function auditSection(audit: readonly AuditEntry[]): Html {
  const ordered = [...audit].sort((left, right) => left.sequence - right.sequence);
  return html`<section class="card">
    <h2>Audit</h2>
    ${
      ordered.length === 0
        ? html`<p class="empty">No entry yet.</p>`
        : html`<div class="scroll">
            <table>
              <thead>
                <tr>
                  <th class="number">Entry</th>
                  <th>When (UTC)</th>
                  <th>Who</th>
                  <th>What</th>
                  <th>Why</th>
                </tr>
              </thead>
              <tbody>
                ${ordered.map(
                  (entry) =>
                    html`<tr>
                      <td class="number">${entry.sequence}</td>
                      <td class="nowrap">${instant(entry.at)}</td>
                      <td>${entry.actor.id} <span class="quiet">${entry.actor.role}</span></td>
                      <td>${entry.action}</td>
                      <td>
                        ${entry.reason}
                        <span class="quiet">${alarmEvidence(entry.detail) ?? ''}</span>
                      </td>
                    </tr>`,
                )}
              </tbody>
            </table>
          </div>`
    }
  </section>`;
}
