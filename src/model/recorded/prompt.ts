import type { CompletionMessage } from '../completion-server.js';

/** A lesson as it stands in a prompt. */
export interface PromptLesson {
  readonly id: string;
  readonly revision: string;
  readonly text: string;
}

const HEADING = '# Lessons';
const FIRST_LINE = /^- \[([^\]@]+)@([^\]]+)\] (.*)$/;

/**
 * The lessons of a prompt: below a line `# Lessons`, blocks `- [id@revision] text` whose further
 * lines are indented by two spaces. The section ends at the next heading.
 */
export function lessonsOf(messages: readonly CompletionMessage[]): PromptLesson[] {
  const text = messages
    .filter(({ role }) => role === 'system' || role === 'developer')
    .map(({ content }) => content ?? '')
    .join('\n');
  const lessons: PromptLesson[] = [];
  let isInside = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) isInside = line.trimEnd() === HEADING;
    if (!isInside) continue;
    const first = FIRST_LINE.exec(line);
    const last = lessons.at(-1);
    if (first !== null) {
      const [, id = '', revision = '', words = ''] = first;
      lessons.push({ id, revision, text: words });
    } else if (last !== undefined && line.startsWith('  ')) {
      lessons[lessons.length - 1] = { ...last, text: `${last.text}\n${line.slice(2)}` };
    }
  }
  return lessons;
}

/** The task's input: `key: value` lines of the first user message, a value running to the next key. */
export function inputOf(
  messages: readonly CompletionMessage[],
  keys: readonly string[],
): ReadonlyMap<string, string> {
  const text = messages.find(({ role }) => role === 'user')?.content ?? '';
  const input = new Map<string, string>();
  let current: string | undefined;
  for (const line of text.split('\n')) {
    const key = keys.find((each) => !input.has(each) && line.startsWith(`${each}: `));
    if (key !== undefined) {
      current = key;
      input.set(key, line.slice(key.length + 2));
    } else if (current !== undefined) {
      input.set(current, `${input.get(current) ?? ''}\n${line}`);
    }
  }
  return input;
}
