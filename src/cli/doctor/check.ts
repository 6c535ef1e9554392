/** One dependency: its state, what was found, and what to do where that is not enough. */
export interface Check {
  readonly name: string;
  /** `optional` is not there and not needed for what the name says nothing about. */
  readonly state: 'ok' | 'optional' | 'missing' | 'broken';
  readonly found: string;
  readonly fix: string | null;
}

export function ok(name: string, found: string): Check {
  return { name, state: 'ok', found, fix: null };
}

export function optional(name: string, found: string, fix: string): Check {
  return { name, state: 'optional', found, fix };
}

export function missing(name: string, found: string, fix: string): Check {
  return { name, state: 'missing', found, fix };
}

export function broken(name: string, error: unknown, fix: string): Check {
  const found = error instanceof Error ? error.message : String(error);
  return { name, state: 'broken', found, fix };
}
