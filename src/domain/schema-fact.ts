/** What one observation said of a tool's hidden schema. */
export interface SchemaFact {
  /** The thing described: a table, an endpoint, a resource. */
  readonly about: string;
  readonly gloss?: string;
  readonly columns: readonly {
    readonly name: string;
    readonly gloss?: string;
  }[];
  /** Whether the columns are all there are. */
  readonly complete: boolean;
  /** Slice values the fact holds for, such as `{database: 'shop'}`. */
  readonly scope: Readonly<Record<string, string>>;
}
