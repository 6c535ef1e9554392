import { createServer } from 'node:http';

import { z } from 'zod';

export interface EmbeddingsEndpoint {
  readonly url: string;
  /** The texts of each request. */
  readonly requests: readonly (readonly string[])[];
  /** How the requests from now on are answered. */
  behave(how: 'well' | 'slowly' | 'with-500' | 'with-nonsense' | 'with-one-less'): void;
  close(): Promise<void>;
}

/** Words of one line mean the same here; the test says so and no model. */
const MEANINGS: readonly (readonly string[])[] = [
  ['singer', 'vocalist', 'performer'],
  ['stadium', 'arena', 'venue'],
  ['ticket', 'admission', 'entry'],
];

const Body = z.object({ model: z.string(), input: z.array(z.string()) });

/**
 * An OpenAI-compatible embeddings endpoint on the loopback with a made-up model: a number a meaning, and
 * one more for everything else, so that texts of one meaning are near and others are not.
 */
export async function startEmbeddingsEndpoint(): Promise<EmbeddingsEndpoint> {
  const requests: (readonly string[])[] = [];
  let behaviour: Parameters<EmbeddingsEndpoint['behave']>[0] = 'well';
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const { input } = Body.parse(JSON.parse(text));
      requests.push(input);
      const data = input.map((one, index) => ({ index, embedding: vectorOf(one) })).reverse();
      if (behaviour === 'slowly') return;
      if (behaviour === 'with-one-less') data.pop();
      response.writeHead(behaviour === 'with-500' ? 500 : 200, {
        'content-type': 'application/json',
      });
      const isWell = behaviour === 'well' || behaviour === 'with-one-less';
      response.end(JSON.stringify(isWell ? { object: 'list', data } : { error: 'none today' }));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${String(port)}/v1`,
    requests,
    behave: (how) => {
      behaviour = how;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function vectorOf(text: string): readonly number[] {
  const said = text.toLowerCase();
  const meant = MEANINGS.map((words) => words.filter((word) => said.includes(word)).length);
  return [...meant, meant.every((count) => count === 0) ? 1 : 0.1];
}
