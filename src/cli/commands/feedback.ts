import { digestOf } from '../../contracts/digest.js';
import { InvalidInputError } from '../../domain/errors.js';
import type { CommandContext } from '../command.js';
import { answered, deciding } from '../deciding.js';
import { findEpisode } from '../finding.js';

export interface FeedbackOptions {
  readonly score?: number;
  readonly correction?: string;
  readonly comment?: string;
  readonly id?: string;
}

/** Feedback on an episode. Its id is the hash of who said what of which: said twice it is stored once. */
export function giveFeedback(
  text: string,
  options: FeedbackOptions,
  context: CommandContext,
): Promise<number> {
  const { score = null, correction = null, comment = null } = options;
  if (score === null && correction === null && comment === null) {
    throw new InvalidInputError(
      'feedback',
      'nothing said',
      '--score, --correction or --comment, at least one of them',
    );
  }
  return deciding(context, async ({ house, look, person }) => {
    const { tenant, episode } = await findEpisode(look, text);
    const said = { episode: episode.id, actor: person.actor, score, correction, comment };
    const id = options.id ?? `f-${digestOf(said).slice(0, 24)}`;
    const feedback = { id, ...said, role: person.role };
    const { existing } = await answered(house.client.giveFeedback(tenant, feedback));
    const document = { tenant, ...feedback, existing };
    context.io.result(
      document,
      existing ? `feedback ${id} was there already` : `feedback ${id} stored for ${episode.id}`,
    );
  });
}
