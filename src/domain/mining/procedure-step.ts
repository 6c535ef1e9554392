/** Where the value of an argument comes from, whatever the task. */
export type ArgumentOrigin =
  | { readonly kind: 'task' }
  /** The answer of an earlier step of the procedure, from 1. */
  | { readonly kind: 'step'; readonly step: number }
  | { readonly kind: 'constant'; readonly value: string };

/** One call of a procedure: the tool, and where each argument comes from. */
export interface ProcedureStep {
  readonly tool: string;
  readonly arguments: readonly { readonly key: string; readonly origin: ArgumentOrigin }[];
}

const NAME = '[A-Za-z_][A-Za-z0-9_.-]{0,63}';
const CONSTANT = '(?:[A-Za-z][A-Za-z_-]{0,23}|-?\\d{1,6}|true|false)';
const ARGUMENT = `\`${NAME}\`(?: from step \\d{1,2}| = ${CONSTANT})?`;
const STEP = new RegExp(`^Call \`${NAME}\`(?: with ${ARGUMENT}(?:, ${ARGUMENT}){0,11})?\\.$`);
const IS_CONSTANT = new RegExp(`^${CONSTANT}$`);

/** A step as it stands in a prompt; undefined where a name would not fit the fixed form. */
export function stepText({ tool, arguments: given }: ProcedureStep): string | undefined {
  const named = given.map(({ key, origin }) => `\`${key}\`${originText(origin)}`);
  const text = `Call \`${tool}\`${named.length === 0 ? '' : ` with ${named.join(', ')}`}.`;
  return isProcedureStep(text) ? text : undefined;
}

/** Whether a text is such a step, from its first character to its last. */
export function isProcedureStep(text: string): boolean {
  return STEP.test(text);
}

/** Whether a value may stand in a step: one word of a list, a small number, or a truth value. */
export function isConstant(text: string): boolean {
  return IS_CONSTANT.test(text);
}

function originText(origin: ArgumentOrigin): string {
  switch (origin.kind) {
    case 'task':
      return '';
    case 'step':
      return ` from step ${String(origin.step)}`;
    case 'constant':
      return ` = ${origin.value}`;
  }
}
