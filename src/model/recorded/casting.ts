/** Which recorded configuration a model name asks for. */
export type Casting =
  /** One configuration, whatever the prompt: modes R and P. */
  | { readonly mode: 'config'; readonly config: string }
  /** `informed` where the lessons make the schema known, else `plain`: mode S. */
  | { readonly mode: 'S'; readonly plain: string; readonly informed: string }
  /** `before` for the tasks ahead of the k-th (from 1, in file order), `after` from it on: mode D. */
  | { readonly mode: 'D'; readonly before: string; readonly after: string; readonly k: number };

const PREFIX = 'recorded/';

/**
 * Reads `recorded/<config>`, `recorded/S:<plain>:<informed>` or `recorded/D:<before>:<after>:<k>`.
 * Anything else is no casting.
 */
export function castingOf(modelName: string): Casting | undefined {
  if (!modelName.startsWith(PREFIX)) return undefined;
  const [first = '', ...rest] = modelName.slice(PREFIX.length).split(':');
  const [second, third, fourth] = rest;
  if (rest.length === 0 && first !== '') return { mode: 'config', config: first };
  if (first === 'S' && rest.length === 2 && second && third) {
    return { mode: 'S', plain: second, informed: third };
  }
  if (first === 'D' && rest.length === 3 && second && third && /^\d+$/.test(fourth ?? '')) {
    return { mode: 'D', before: second, after: third, k: Number(fourth) };
  }
  return undefined;
}

/** The model name that asks for a casting. */
export function modelNameOf(casting: Casting): string {
  switch (casting.mode) {
    case 'config':
      return `${PREFIX}${casting.config}`;
    case 'S':
      return `${PREFIX}S:${casting.plain}:${casting.informed}`;
    case 'D':
      return `${PREFIX}D:${casting.before}:${casting.after}:${String(casting.k)}`;
  }
}

/** Every configuration that a casting may play. */
export function configsIn(casting: Casting): readonly string[] {
  switch (casting.mode) {
    case 'config':
      return [casting.config];
    case 'S':
      return [casting.plain, casting.informed];
    case 'D':
      return [casting.before, casting.after];
  }
}
