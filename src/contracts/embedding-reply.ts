import { z } from 'zod';

/** What an OpenAI-compatible endpoint answers for texts, as far as it is used. */
export const EmbeddingReply = z.object({
  data: z.array(
    z.object({
      index: z.int().min(0).optional(),
      embedding: z.array(z.number()).min(1, 'at least one number'),
    }),
  ),
});
