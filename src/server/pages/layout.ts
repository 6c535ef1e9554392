import { html, raw } from 'hono/html';

import type { DemoState } from '../demo-state.js';

/** Markup whose interpolated values were escaped. */
export type Html = ReturnType<typeof html>;

export interface Page {
  readonly title: string;
  readonly body: Html;
  /** Seconds until the page loads itself again; it stays as it is when left out. */
  readonly reloadSeconds?: number;
}

interface Frame {
  readonly nonce: string;
  readonly style: string;
  readonly temporalUi: string | null;
  readonly model: DemoState['model'];
  readonly hasDemo: boolean;
}

/** The frame of every page. */
export function layout(page: Page, { nonce, style, temporalUi, model, hasDemo }: Frame): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <link rel="icon" href="data:," />
        <meta name="color-scheme" content="light dark" />
        ${
          page.reloadSeconds === undefined
            ? ''
            : html`<meta http-equiv="refresh" content="${page.reloadSeconds}" />`
        }
        <title>${page.title} · Ratchet</title>
        <style nonce="${nonce}">
          ${raw(style)}
        </style>
      </head>
      <body>
        <header>
          <nav>
            <a class="brand" href="/">Ratchet</a>
            <a href="/">Candidates</a>
            ${hasDemo ? html`<a href="/demo">Demonstration</a>` : ''}
            ${temporalUi === null ? '' : html`<a href="${temporalUi}" rel="noreferrer">Temporal UI ↗</a>`}
          </nav>
        </header>
        ${model === 'simulated' ? simulatedBanner() : ''}
        ${model === 'recorded' ? recordedBanner() : ''}
        <main>${page.body}</main>
      </body>
    </html>`;
}

function simulatedBanner(): Html {
  return html`<p class="banner" role="note">
    <strong>The model is the built-in simulated one.</strong> Everything else is real: database,
    workflows, gate. Set <code>OPENAI_API_KEY</code> or <code>OPENAI_BASE_URL</code> for a real
    model.
  </p>`;
}

function recordedBanner(): Html {
  return html`<p class="banner" role="note">
    <strong>The model replays recorded runs of real models.</strong> Nothing is asked of a provider.
  </p>`;
}
