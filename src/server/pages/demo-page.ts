import { html } from 'hono/html';

import type { DashboardHouse } from '../dashboard-house.js';
import type { DemoPhaseState, DemoState } from '../demo-state.js';
import { successBar } from './charts.js';
import type { Html, Page } from './layout.js';
import { share } from './numbers.js';

const LOG_LINES = 200;

/** The demonstration under way, reloading itself until it is done. */
export function demoPage(state: DemoState | null, house: DashboardHouse): Page {
  if (state === null) {
    return {
      title: 'Demonstration',
      body: html`<section class="card empty">
        <h1>No demonstration runs here</h1>
        <p>Next: <code>ratchet demo</code></p>
      </section>`,
    };
  }
  return {
    title: state.isDone ? 'Demonstration' : 'Demonstration, under way',
    ...(state.isDone ? {} : { reloadSeconds: 2 }),
    body: html`<div class="heading">
        <h1>Demonstration</h1>
        <p class="quiet">
          ${state.isDone ? 'done' : html`<span class="live">under way</span>`} · tenant
          <code>${state.tenant}</code> ·
          <a href="/?tenant=${encodeURIComponent(state.tenant)}">its candidates</a>
          ${tasksLink(state, house)}
        </p>
      </div>
      <p>
        The same questions go to an agent that learns and to one that is frozen at its first
        version.
      </p>
      <section class="card">
        <div class="legend">
          <span class="key learning">learning</span><span class="key frozen">frozen</span>
        </div>
        ${state.phases.map(phaseLine)}
      </section>
      <section class="card">
        <h2>What happened, newest first</h2>
        ${log(state.log)}
      </section>`,
  };
}

function tasksLink({ tenant }: DemoState, { temporalUi, config }: DashboardHouse): Html | string {
  if (temporalUi === null) return '';
  const query = encodeURIComponent(`RatchetTenant="${tenant}"`);
  const namespace = encodeURIComponent(config.temporal.namespace);
  return html` ·
    <a href="${temporalUi}/namespaces/${namespace}/workflows?query=${query}">its workflows ↗</a>`;
}

function phaseLine({ name, title, learning, frozen, state }: DemoPhaseState): Html {
  const counted = (n: number, success: number): string =>
    n === 0 ? '–' : `${share(success, n)} (${String(success)} of ${String(n)})`;
  return html`<div class="phase ${state}">
    <div>
      <strong>${name}</strong>
      <span class="state ${state}">${state}</span>
      <div class="quiet">${title}</div>
    </div>
    <div class="arms">
      ${successBar(learning.success, learning.n, 'learning')}
      <span class="number">${counted(learning.n, learning.success)}</span>
      ${successBar(frozen.success, frozen.n, 'frozen')}
      <span class="number">${counted(frozen.n, frozen.success)}</span>
    </div>
  </div>`;
}

/** Newest first: what a reload brings stands at the top. */
function log(lines: readonly string[]): Html {
  if (lines.length === 0)
    return html`<p class="empty">Nothing yet; the first tasks are running.</p>`;
  const shown = lines.slice(-LOG_LINES).reverse();
  return html`<ol class="log">
    ${shown.map((line) => html`<li>${line}</li>`)}
  </ol>`;
}
