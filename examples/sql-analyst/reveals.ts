import { z } from 'zod';
import type { ObservedCall, SchemaFact } from 'ratchet';

const Described = z.object({
  table: z.string(),
  comment: z.string().nullable(),
  columns: z.array(z.object({ name: z.string(), comment: z.string().nullable() })),
});

/** What a `describe_table` call tells of the database: one table, whole, with the comments as glosses. */
export function tableRevealed({ ok, result }: ObservedCall): readonly SchemaFact[] {
  if (!ok) return [];
  const { table, comment, columns } = Described.parse(JSON.parse(result));
  return [
    {
      about: table,
      ...(comment !== null && { gloss: comment }),
      columns: columns.map((column) => ({
        name: column.name,
        ...(column.comment !== null && { gloss: column.comment }),
      })),
      complete: true,
      scope: {},
    },
  ];
}
