import { html } from 'hono/html';

import { DIAGNOSES, gateBasis } from '../../contracts/gate-basis.js';
import { gateEvidence, type GateEvidence } from '../../contracts/gate-evidence.js';
import { traceGate, type TestReading, type TracePoint } from '../../domain/gate/gate-trace.js';
import type { DecidedRecord, EvaluatedPair } from '../../store/candidate-queries.js';
import { evidenceBar, intervalChart } from './charts.js';
import { effectChart, evidenceChart } from './gate-charts.js';
import type { Html } from './layout.js';
import { points } from './numbers.js';

/** One verdict with all that a person needs to check it: the path, every test, and what it was made of. */
export function gateSection(record: DecidedRecord, pairs: readonly EvaluatedPair[]): Html {
  const found = gateBasis(record.summary)?.diagnosis ?? null;
  if (record.purpose === 'diagnosis' && found !== null) return diagnosisSection(record, found);
  const evidence = gateEvidence(record.summary);
  return html`<section class="card">
    <div class="heading">
      <h2>${record.purpose === 'gate' ? 'Evidence' : 'Diagnosis'}</h2>
      <p>
        <span class="verdict ${record.verdict}">${record.verdict}</span> ${record.reason}
        ${evidence?.label == null ? '' : html`<span class="state">${evidence.label}</span>`}
      </p>
    </div>
    ${evidence === null ? '' : evidenceLines(evidence)} ${plots(record, pairs)}
    ${evidence === null ? '' : slicesTable(evidence.slices)}
    ${evidence === null ? '' : categoriesTable(evidence.categories)} ${testsTable(record.tests)}
    ${provenance(record)}
  </section>`;
}

/** Why live outcomes fell, by two tests of its own: what a gate would say of these pairs nobody asked. */
function diagnosisSection(record: DecidedRecord, found: keyof typeof DIAGNOSES): Html {
  return html`<section class="card">
    <div class="heading">
      <h2>Diagnosis</h2>
      <p><span class="state">${found}</span> ${DIAGNOSES[found]}</p>
    </div>
    ${testsTable(record.tests)} ${provenance(record)}
  </section>`;
}

function evidenceLines({ effect, n, logE, threshold, cost, worstCase }: GateEvidence): Html {
  return html`<div class="figures">
    <div>
      <span class="label">Effect, 95 %</span>
      <strong>${points(effect.mean)}</strong> points
      <span class="quiet">[${points(effect.lower)}, ${points(effect.upper)}]</span>
      ${intervalChart(effect)}
    </div>
    <div><span class="label">Pairs</span><strong>${n}</strong></div>
    <div><span class="label">Evidence of superiority</span>${evidenceBar(logE, threshold)}</div>
    ${
      cost === null
        ? ''
        : html`<div>
            <span class="label">Cost${cost.blocks ? ', asked for' : ', told alone'}</span>
            <strong>${cost.ratio === null ? 'new' : `${cost.ratio.toFixed(2)} ×`}</strong>
            <span class="verdict ${cost.verdict}">${cost.verdict}</span>
            <span class="quiet"
              >by more than ${Math.round(1000 * cost.margin) / 10} %, over ${cost.n} pairs</span
            >
          </div>`
    }
    ${
      worstCase === null || worstCase.imputed === 0
        ? ''
        : html`<div>
            <span class="label">${worstCase.imputed} missing at their worst</span>
            <strong>${points(worstCase.mean)}</strong> points
            <span class="quiet">[${points(worstCase.lower)}, ${points(worstCase.upper)}]</span>
            ${worstCase.holds ? 'superior still' : 'not superior'}
          </div>`
    }
  </div>`;
}

/** The path of the effect test, where the record says what it was decided by. */
function plots(record: DecidedRecord, pairs: readonly EvaluatedPair[]): Html | string {
  const basis = gateBasis(record.summary);
  if (basis === null || record.purpose !== 'gate') return '';
  const own = pairs.filter(
    ({ purpose, evaluation }) => purpose === 'gate' && evaluation === record.evaluation,
  );
  const path = traceGate(basis, own);
  if (path.length < 2) return '';
  const { alpha, futilityLevel, m0 } = basis.policy;
  const levels = { superiority: Math.log(1 / alpha), futility: Math.log(1 / futilityLevel) };
  return html`<div class="plots">
    <figure>
      <figcaption>
        <span class="key learning">superiority</span> <span class="key harm">futility</span>, ln E
        by pair
      </figcaption>
      ${evidenceChart(path, levels)}
    </figure>
    <figure>
      <figcaption>Effect in points with its 95 % confidence sequence, by pair</figcaption>
      ${effectChart(path, m0)}
    </figure>
    ${pathTable(path)}
  </div>`;
}

/** The same numbers for whoever cannot see the charts. */
function pathTable(path: readonly TracePoint[]): Html {
  const every = Math.ceil(path.length / 12);
  const shown = path.filter((_, index) => (path.length - 1 - index) % every === 0);
  return html`<details>
    <summary>The path in numbers</summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th class="number">Pairs</th>
            <th class="number">ln E superior</th>
            <th class="number">ln E futile</th>
            <th>Effect, 95 %</th>
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (point) =>
              html`<tr>
                <td class="number">${point.pairs}</td>
                <td class="number">${point.superiority.toFixed(2)}</td>
                <td class="number">${point.futility.toFixed(2)}</td>
                <td>${points(point.mean)} [${points(point.lower)}, ${points(point.upper)}]</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function slicesTable(slices: GateEvidence['slices']): Html | string {
  if (slices.length === 0) return '';
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Slice</th>
          <th class="number">Pairs</th>
          <th>Effect, 95 %</th>
          <th>Verdict</th>
        </tr>
      </thead>
      <tbody>
        ${slices.map(
          (slice) =>
            html`<tr>
              <td>${slice.name}</td>
              <td class="number">${slice.n}</td>
              <td class="nowrap">
                ${intervalChart(slice)}
                <span class="small"
                  >${points(slice.mean)} [${points(slice.lower)}, ${points(slice.upper)}]</span
                >
              </td>
              <td><span class="verdict ${slice.verdict}">${slice.verdict}</span></td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function categoriesTable(categories: GateEvidence['categories']): Html | string {
  if (categories.length === 0) return '';
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Failure category</th>
          <th class="number">Baseline</th>
          <th class="number">Candidate</th>
          <th></th>
        </tr>
      </thead>
      <tbody>
        ${categories.map(
          ({ name, baseline, candidate, critical, grew }) =>
            html`<tr>
              <td>${name}</td>
              <td class="number">${baseline}</td>
              <td class="number">${candidate}</td>
              <td>
                ${grew ? html`<span class="verdict harm">grew</span>` : ''}
                ${critical ? html`<span class="state">critical</span>` : ''}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function testsTable(tests: readonly TestReading[]): Html | string {
  if (tests.length === 0) return '';
  return html`<details open>
    <summary>Every test</summary>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Test</th>
            <th>Rejects</th>
            <th class="number">n</th>
            <th class="number">ln E</th>
            <th class="number">Threshold</th>
            <th></th>
          </tr>
        </thead>
        <tbody>
          ${tests.map(
            ({ test, of, hypothesis, n, logE, threshold, isReached }) =>
              html`<tr>
                <td>${test} ${of === null ? '' : html`<span class="quiet">${of}</span>`}</td>
                <td class="quiet">${hypothesis}</td>
                <td class="number">${n}</td>
                <td class="number">${logE.toFixed(2)}</td>
                <td class="number">${threshold.toFixed(2)}</td>
                <td>${isReached ? html`<span class="state">reached</span>` : ''}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function provenance(record: DecidedRecord): Html {
  const basis = gateBasis(record.summary);
  const gated = basis === null ? '' : basis.plan.gated.join(', ');
  return html`<dl class="facts">
    <dt>Level alpha</dt>
    <dd>${record.alpha.toPrecision(3)}</dd>
    <dt>Seed of the order</dt>
    <dd><code>${record.seed}</code></dd>
    <dt>Evaluation</dt>
    <dd>${record.evaluation}</dd>
    ${
      basis === null
        ? ''
        : html`<dt>Judge margin m0</dt>
            <dd>${points(basis.policy.m0)} points</dd>
            <dt>Runs of each arm a pair</dt>
            <dd>${basis.replicates}</dd>`
    }
    ${
      gated === ''
        ? ''
        : html`<dt>Gated slices</dt>
            <dd>${gated}</dd>`
    }
    <dt>Candidate version</dt>
    <dd><code>${record.version}</code></dd>
    <dt>Baseline version</dt>
    <dd><code>${record.baseline}</code></dd>
  </dl>`;
}
