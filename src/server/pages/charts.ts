import { html } from 'hono/html';

import type { Html } from './layout.js';
import { points } from './numbers.js';

/** Charts are SVG with attributes alone: they need neither script nor inline style. */

const WIDTH = 140;
const HEIGHT = 16;

/** An effect in [-1, 1] with its interval; the line in the middle is no difference. */
export function intervalChart(effect: {
  readonly mean: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}): Html {
  const lower = at(effect.lower ?? -1);
  const upper = at(effect.upper ?? 1);
  const mean = at(effect.mean ?? 0);
  const text = `${points(effect.mean)} points, from ${points(effect.lower)} to ${points(effect.upper)}`;
  return html`<svg
    class="chart"
    width="${WIDTH}"
    height="${HEIGHT}"
    role="img"
    aria-label="${text}"
  >
    <title>${text}</title>
    <rect class="track" x="0" y="7" width="${WIDTH}" height="2" rx="1" />
    <line class="zero" x1="${WIDTH / 2}" x2="${WIDTH / 2}" y1="1" y2="${HEIGHT - 1}" />
    <rect class="${toneOf(effect)}" x="${lower}" y="5" width="${upper - lower}" height="6" rx="3" />
    <circle class="mean" cx="${mean}" cy="8" r="4" />
  </svg>`;
}

function at(effect: number): number {
  return Math.round(((Math.max(-1, Math.min(1, effect)) + 1) / 2) * WIDTH);
}

function toneOf({
  lower,
  upper,
}: {
  readonly lower: number | null;
  readonly upper: number | null;
}): string {
  if (lower !== null && lower > 0) return 'good';
  return upper !== null && upper < 0 ? 'bad' : 'open';
}

/** ln E towards the threshold it has to cross. */
export function evidenceBar(logE: number | null, threshold: number): Html {
  const reached = logE === null ? 0 : Math.max(0, Math.min(1, logE / threshold));
  const value = logE === null ? 'below any number' : logE.toFixed(2);
  const text = `ln E ${value} of ${threshold.toFixed(2)}`;
  return html`<svg
      class="chart"
      width="${WIDTH}"
      height="${HEIGHT}"
      role="img"
      aria-label="${text}"
    >
      <title>${text}</title>
      <rect class="track" x="0" y="5" width="${WIDTH}" height="6" rx="3" />
      <rect
        class="${reached >= 1 ? 'good' : 'open'}"
        x="0"
        y="5"
        width="${Math.round(reached * WIDTH)}"
        height="6"
        rx="3"
      />
    </svg>
    <span class="small">${text}</span>`;
}

/** A share of successes as a bar. */
export function successBar(success: number, n: number, tone: 'learning' | 'frozen'): Html {
  const width = n === 0 ? 0 : (100 * success) / n;
  const text = `${tone}: ${String(success)} of ${String(n)}`;
  return html`<svg
    class="bar"
    viewBox="0 0 100 8"
    preserveAspectRatio="none"
    role="img"
    aria-label="${text}"
  >
    <title>${text}</title>
    <rect class="track" width="100" height="8" />
    <rect class="${tone}" width="${width}" height="8" />
  </svg>`;
}
