import { html } from 'hono/html';

import type { CandidateRow, GateRecord } from '../../activities/store.js';
import { gateEvidence, type GateEvidence } from '../../contracts/gate-evidence.js';
import { agentId } from '../../contracts/ids.js';
import type { Scope, TenantId } from '../../domain/ids.js';
import type { PageContext } from '../dashboard-house.js';
import { intervalChart, evidenceBar } from './charts.js';
import { disputesSection } from './disputes-section.js';
import type { Html, Page } from './layout.js';
import { points, shortId } from './numbers.js';

interface Judged {
  readonly row: CandidateRow;
  readonly record: GateRecord | undefined;
  readonly evidence: GateEvidence | null;
}

/** All candidates of a tenant by agent, newest first. */
export async function candidatesPage(
  context: PageContext,
  tenant: TenantId,
  tenants: readonly TenantId[],
): Promise<Page> {
  const agents = await context.queries.agents(tenant);
  const sections: Html[] = [];
  for (const { agent, tasks } of agents) {
    sections.push(await agentSection(context, { tenant, agent: agentId(agent) }, tasks));
  }
  return {
    title: 'Candidates',
    ...(context.demo()?.isDone === false ? { reloadSeconds: 5 } : {}),
    body: html`<div class="heading">
        <h1>Candidates</h1>
        <p class="quiet">tenant <code>${tenant}</code>${otherTenants(tenant, tenants)}</p>
      </div>
      ${sections.length === 0 ? noAgents() : sections}`,
  };
}

function otherTenants(tenant: TenantId, tenants: readonly TenantId[]): Html | string {
  const others = tenants.filter((other) => other !== tenant);
  if (others.length === 0) return '';
  return html` · others:
  ${others
    .slice(0, 6)
    .map((other) => html`<a href="/?tenant=${encodeURIComponent(other)}">${other}</a> `)}`;
}

function noAgents(): Html {
  return html`<section class="card empty">
    <p>No agent has run a task yet.</p>
    <p>
      Next: <code>ratchet run --agent A --input '{…}'</code>, or <code>ratchet demo</code> for a
      story to watch.
    </p>
  </section>`;
}

async function agentSection(context: PageContext, scope: Scope, tasks: number): Promise<Html> {
  const { store } = context.house;
  const rows = await store.candidates(scope);
  const pointer = await store.pointer(scope);
  const judged: Judged[] = [];
  for (const row of [...rows].reverse()) {
    const records = await store.gateRecords(scope.tenant, row.id);
    const record = records.filter(({ purpose }) => purpose === 'gate').at(-1);
    judged.push({
      row,
      record,
      evidence: record === undefined ? null : gateEvidence(record.summary),
    });
  }
  return html`<section class="card">
    <div class="heading">
      <h2>${scope.agent}</h2>
      <p class="quiet">
        ${tasks} tasks · serving <code>${shortId(pointer?.active ?? 'nothing')}</code>
        ${
          pointer?.canary == null
            ? ''
            : html` · canary <code>${shortId(pointer.canary.version)}</code> at
                ${Math.round(100 * pointer.canary.share)} %`
        }
        ${pointer?.frozen === true ? html` · <strong>frozen</strong>` : ''}
        ${pointer?.pinned == null ? '' : html` · pinned to <code>${shortId(pointer.pinned)}</code>`}
      </p>
    </div>
    ${await disputesSection(store, scope, pointer?.active ?? null)}
    ${judged.length === 0 ? noCandidates() : table(scope.tenant, judged)}
  </section>`;
}

function noCandidates(): Html {
  return html`<p class="empty">
    Nothing proposed yet: candidates come from episodes that failed, recovered or were corrected.
    Next:
    <code>ratchet feedback EPISODE --correction TEXT</code>, or more tasks.
  </p>`;
}

function table(tenant: TenantId, judged: readonly Judged[]): Html {
  return html`<div class="scroll">
    <table class="stacked">
      <thead>
        <tr>
          <th class="number">No.</th>
          <th>Candidate</th>
          <th>State</th>
          <th>Verdict</th>
          <th class="number">Pairs</th>
          <th>Effect, 95 %</th>
          <th>Evidence against threshold</th>
        </tr>
      </thead>
      <tbody>
        ${judged.map((each) => line(tenant, each))}
      </tbody>
    </table>
  </div>`;
}

function line(tenant: TenantId, { row, record, evidence }: Judged): Html {
  const href = `/candidates/${encodeURIComponent(row.id)}?tenant=${encodeURIComponent(tenant)}`;
  return html`<tr>
    <td class="number">c${row.number}</td>
    <td class="wide">
      <a href="${href}">${row.title}</a>
      <div class="quiet">${row.reason}</div>
    </td>
    <td><span class="state ${row.state}">${row.state}</span></td>
    <td>${record === undefined ? html`<span class="quiet">–</span>` : verdict(record)}</td>
    <td class="number" data-label="pairs">${evidence === null ? '–' : evidence.n}</td>
    <td class="nowrap">
      ${
        evidence === null
          ? '–'
          : html`${intervalChart(evidence.effect)}
              <span class="small">${points(evidence.effect.mean)} points</span>`
      }
    </td>
    <td class="nowrap">
      ${evidence === null ? '–' : evidenceBar(evidence.logE, evidence.threshold)}
    </td>
  </tr>`;
}

function verdict({ verdict: found, reason }: GateRecord): Html {
  return html`<span class="verdict ${found}">${found}</span>
    <div class="quiet">${reason}</div>`;
}
