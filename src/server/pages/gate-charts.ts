import { html } from 'hono/html';

import type { TracePoint } from '../../domain/gate/gate-trace.js';
import type { Html } from './layout.js';
import { points } from './numbers.js';

/** Charts of a gate under way: SVG with classes alone, drawn on the server. */

const WIDTH = 520;
const HEIGHT = 200;
const LEFT = 46;
const RIGHT = 12;
const TOP = 14;
const BOTTOM = 28;

interface Scale {
  readonly x: (pairs: number) => number;
  readonly y: (value: number) => number;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
}

interface Level {
  readonly value: number;
  readonly label: string;
  readonly tone: 'good' | 'bad' | 'zero';
}

/** ln E of both effect tests against the pairs, each with the line it has to reach. */
export function evidenceChart(
  path: readonly TracePoint[],
  levels: { readonly superiority: number; readonly futility: number },
): Html {
  const values = path.flatMap(({ superiority, futility }) => [superiority, futility]);
  const top = Math.max(levels.superiority, levels.futility, ...values) + 0.6;
  const bottom = Math.max(Math.min(0, ...values), -4) - 0.4;
  const scale = scaleOf(path, bottom, top);
  const lines: readonly Level[] = [
    {
      value: levels.superiority,
      label: `superior at ${levels.superiority.toFixed(2)}`,
      tone: 'good',
    },
    { value: levels.futility, label: `futile at ${levels.futility.toFixed(2)}`, tone: 'bad' },
    { value: 0, label: '', tone: 'zero' },
  ];
  const last = path.at(-1);
  const text = `ln E after ${String(last?.pairs ?? 0)} pairs: superiority ${(last?.superiority ?? 0).toFixed(2)}, futility ${(last?.futility ?? 0).toFixed(2)}`;
  return frame(
    text,
    scale,
    html`${lines.map((line) => levelLine(line, scale))}
      <path class="path bad" d="${pathOf(path, (point) => point.futility, scale)}" />
      <path class="path good" d="${pathOf(path, (point) => point.superiority, scale)}" />
      ${endDot(last, last?.superiority, scale, 'good')}`,
    (tick) => tick.toFixed(0),
  );
}

/** The effect with its confidence sequence against the pairs. */
export function effectChart(path: readonly TracePoint[], margin: number): Html {
  // The first looks span everything there is; what they leave of the rest could not be read.
  const shown = path.filter(({ lower, upper }) => upper - lower < 1.4);
  const bounds = shown.flatMap(({ lower, upper }) => [lower, upper]);
  const bottom = Math.max(-1, Math.min(-0.1, ...bounds) - 0.03);
  const top = Math.min(1, Math.max(0.1, ...bounds) + 0.03);
  const scale = scaleOf(path, bottom, top);
  const last = path.at(-1);
  const text = `Effect after ${String(last?.pairs ?? 0)} pairs: ${points(last?.mean ?? 0)} points, from ${points(last?.lower ?? -1)} to ${points(last?.upper ?? 1)}`;
  return frame(
    text,
    scale,
    html`<path class="band" d="${bandOf(path, scale)}" />
      ${levelLine({ value: 0, label: '', tone: 'zero' }, scale)}
      ${margin > 0 ? levelLine({ value: margin, label: 'margin', tone: 'bad' }, scale) : ''}
      <path class="path plain" d="${pathOf(path, (point) => point.mean, scale)}" />
      ${endDot(last, last?.mean, scale, 'plain')}`,
    percentTick,
  );
}

function percentTick(value: number): string {
  return value === 0 ? '0' : points(value).replace('.0', '');
}

function scaleOf(path: readonly TracePoint[], bottom: number, top: number): Scale {
  const pairs = Math.max(1, path.at(-1)?.pairs ?? 1);
  const clamp = (value: number): number => Math.min(top, Math.max(bottom, value));
  return {
    x: (count) => round(LEFT + (count / pairs) * (WIDTH - LEFT - RIGHT)),
    y: (value) => round(TOP + ((top - clamp(value)) / (top - bottom)) * (HEIGHT - TOP - BOTTOM)),
    xTicks: ticks(0, pairs, 5),
    yTicks: ticks(bottom, top, 5),
  };
}

/** Round numbers inside a range, about as many as wanted. */
function ticks(from: number, to: number, wanted: number): readonly number[] {
  const rough = (to - from) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(from / step);
  const count = Math.floor(to / step) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => (first + index) * step);
}

function frame(
  text: string,
  { x, y, xTicks, yTicks }: Scale,
  content: Html,
  format: (tick: number) => string,
): Html {
  return html`<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${text}">
    <title>${text}</title>
    ${yTicks.map(
      (tick) =>
        html`<line
            class="grid"
            x1="${LEFT}"
            x2="${WIDTH - RIGHT}"
            y1="${y(tick)}"
            y2="${y(tick)}"
          />
          <text class="tick" x="${LEFT - 7}" y="${y(tick) + 4}" text-anchor="end">
            ${format(tick)}
          </text>`,
    )}
    ${xTicks.map(
      (tick) =>
        html`<text class="tick" x="${x(tick)}" y="${HEIGHT - 9}" text-anchor="middle">
          ${tick}
        </text>`,
    )}
    ${content}
  </svg>`;
}

function levelLine({ value, label, tone }: Level, { y }: Scale): Html {
  return html`<line
      class="level ${tone}"
      x1="${LEFT}"
      x2="${WIDTH - RIGHT}"
      y1="${y(value)}"
      y2="${y(value)}"
    />
    <text class="tick ${tone === 'zero' ? '' : tone}" x="${LEFT + 6}" y="${y(value) - 4}"
      >${label}</text
    >`;
}

function pathOf(
  path: readonly TracePoint[],
  valueOf: (point: TracePoint) => number,
  { x, y }: Scale,
): string {
  return path
    .map(
      (point, index) =>
        `${index === 0 ? 'M' : 'L'}${String(x(point.pairs))} ${String(y(valueOf(point)))}`,
    )
    .join('');
}

function bandOf(path: readonly TracePoint[], { x, y }: Scale): string {
  const upper = path.map(({ pairs, upper: value }) => `${String(x(pairs))} ${String(y(value))}`);
  const lower = path.map(({ pairs, lower: value }) => `${String(x(pairs))} ${String(y(value))}`);
  return path.length === 0 ? '' : `M${[...upper, ...lower.reverse()].join('L')}Z`;
}

function endDot(
  last: TracePoint | undefined,
  value: number | undefined,
  { x, y }: Scale,
  tone: string,
): Html | string {
  if (last === undefined || value === undefined) return '';
  return html`<circle class="dot ${tone}" cx="${x(last.pairs)}" cy="${y(value)}" r="3.5" />`;
}

function round(value: number): number {
  return Math.round(10 * value) / 10;
}
