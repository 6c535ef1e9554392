import type { Command } from 'commander';

const HELP = ['--help', '-h', 'help'];

/**
 * Refuses a command that is not there where its help is asked for: Commander shows the help of what stands
 * above it then, and whoever asks, a script or a person, takes it for an answer.
 */
export function assertKnownCommand(program: Command, args: readonly string[]): void {
  if (!args.some((arg) => HELP.includes(arg))) return;
  let command = program;
  for (let index = 0; index < args.length && command.commands.length > 0; index += 1) {
    const arg = args[index] ?? '';
    if (arg.startsWith('-')) {
      if (takesNext(program, command, arg)) index += 1;
    } else if (arg !== 'help') {
      const named = command.commands.find((each) => each.name() === arg);
      if (named === undefined) {
        return command.error(`error: unknown command '${arg}'`, {
          code: 'commander.unknownCommand',
        });
      }
      command = named;
    }
  }
}

function takesNext(program: Command, command: Command, flag: string): boolean {
  const options = [...program.options, ...command.options];
  return options.some(
    (option) => option.required && (option.long === flag || option.short === flag),
  );
}
