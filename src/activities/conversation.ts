import { SCRATCHPAD, ScratchpadArguments } from '../contracts/built-in-tools.js';
import type { ModelStep, Step, ToolCall, ToolResult, ToolStep } from '../domain/episode.js';

/** A message of the conversation, whoever's protocol carries it. */
export type ChatMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | {
      readonly role: 'assistant';
      readonly content: string;
      readonly toolCalls: readonly ToolCall[];
    }
  | { readonly role: 'tool'; readonly callId: string; readonly content: string };

/**
 * The conversation as a model is shown it: system with the scratchpad, user, and what was said and done
 * since. Calls have ids of their own here, also where a model used one twice, and each has an answer.
 */
export function conversationOf(
  head: { readonly system: string; readonly user: string },
  steps: readonly Step[],
): readonly ChatMessage[] {
  const answers = new Map<number, ToolStep>();
  for (const step of steps) if (step.kind === 'tool') answers.set(step.index, step);
  const uses = new Map<string, number>();
  const uniqueId = (id: string): string => {
    const count = (uses.get(id) ?? 0) + 1;
    uses.set(id, count);
    return count === 1 ? id : uniqueId(`${id}_${String(count)}`);
  };
  const turns = steps.flatMap((step) =>
    step.kind === 'model' ? messagesOfTurn(step, answers, uniqueId) : [],
  );
  return [
    { role: 'system', content: head.system + scratchpadSection(steps) },
    { role: 'user', content: head.user },
    ...turns,
  ];
}

/** The calls of the model step at index n are answered by the steps n+1, n+2, … in their order. */
function messagesOfTurn(
  step: ModelStep,
  answers: ReadonlyMap<number, ToolStep>,
  uniqueId: (id: string) => string,
): readonly ChatMessage[] {
  const toolCalls = step.toolCalls.map((call) => ({
    ...call,
    id: uniqueId(call.id),
    arguments: jsonText(call.arguments),
  }));
  return [
    { role: 'assistant', content: step.text, toolCalls },
    ...toolCalls.map(({ id }, offset) => ({
      role: 'tool' as const,
      callId: id,
      content: contentOf(answers.get(step.index + 1 + offset)?.result),
    })),
  ];
}

/** A failure is shown as `Error CODE: message`. */
function contentOf(result: ToolResult | undefined): string {
  if (result === undefined) return 'Error NOT_ANSWERED: this call was not answered';
  return result.ok ? result.content : `Error ${result.code}: ${result.content}`;
}

/** Endpoints parse the arguments of earlier calls; text that is no JSON would make them refuse. */
function jsonText(written: string): string {
  try {
    JSON.parse(written);
    return written;
  } catch {
    return JSON.stringify({ malformed: written });
  }
}

/** What the agent noted in this episode; a later note of a key replaces the earlier one. */
function scratchpadSection(steps: readonly Step[]): string {
  const notes = new Map<string, string>();
  for (const step of steps) {
    if (step.kind !== 'tool' || step.tool !== SCRATCHPAD.name || !step.result.ok) continue;
    const { key, value } = ScratchpadArguments.parse(JSON.parse(step.arguments));
    notes.set(key, value.replace(/\r?\n/g, '\n  '));
  }
  if (notes.size === 0) return '';
  return `\n\n# Scratchpad\n${[...notes].map(([key, value]) => `- ${key}: ${value}`).join('\n')}`;
}
