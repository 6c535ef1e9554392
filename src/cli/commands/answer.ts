import { taskId } from '../../contracts/ids.js';
import { InvalidInputError, NotFoundError } from '../../domain/errors.js';
import type { CommandContext } from '../command.js';
import { answered, deciding } from '../deciding.js';
import { oneScope } from '../looking.js';

export interface AnswerOptions {
  readonly agent?: string;
  readonly text?: string;
  readonly allow?: boolean;
  readonly deny?: boolean;
  readonly call?: string;
}

/** Answers a task that waits for a person: a question, an approval, or what became of an unsafe effect. */
export function answerTask(
  task: string,
  options: AnswerOptions,
  context: CommandContext,
): Promise<number> {
  const { text, call } = options;
  const isAllowed = options.allow === true;
  const isDenied = options.deny === true;
  if (isAllowed && isDenied)
    throw new InvalidInputError('answer', '--allow and --deny', 'one of them');
  if (!isAllowed && !isDenied && text === undefined) {
    throw new InvalidInputError('answer', 'nothing said', '--text, --allow or --deny');
  }
  return deciding(context, async ({ house, look, person }) => {
    const scope = await oneScope(look, options.agent);
    const id = taskId(task);
    if ((await look.store.taskInput(scope, id)) === null) {
      throw new NotFoundError('task', id, 'list them with `ratchet episodes`');
    }
    const given = {
      actor: person.actor,
      ...(text === undefined ? {} : { text }),
      ...(isAllowed || isDenied ? { allow: isAllowed } : {}),
      ...(call === undefined ? {} : { callId: call }),
    };
    await answered(house.client.answer({ ...scope, task: id }, given));
    context.io.result({ ...scope, task: id, ...given }, `answered ${id}`);
  });
}
