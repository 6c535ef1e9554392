import { TrajectoryLine } from '../../contracts/trajectory-lines.js';
import { blameStep, type StepBlame } from '../../domain/attribution/step-score.js';
import type { CommandContext } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { readJsonLines } from '../json-lines.js';

/** A run of hundreds of steps with whole web pages in them is one line. */
const LONGEST_LINE = 16 * 1_048_576;

/** Blames a step of each failed trajectory on standard input; one wrong line, and nothing is answered. */
export async function runAttribute({
  io,
  input,
  signal,
}: Pick<CommandContext, 'io' | 'input' | 'signal'>): Promise<number> {
  const answers: ({ readonly id: string } & StepBlame)[] = [];
  await readJsonLines(
    input,
    TrajectoryLine,
    ({ id, ...trajectory }) => void answers.push({ id, ...blameStep(trajectory) }),
    signal,
    LONGEST_LINE,
  );
  for (const answer of answers) io.record(answer);
  return EXIT.ok;
}
