import { LAYER_OF_KIND, lessonText, type LessonContent, type LessonDraft } from '../lesson.js';
import type { Json } from '../json.js';
import { MAX_CLAIM_CHARACTERS } from '../mining/schema-claim.js';
import { approximateTokens } from '../retrieval/recall.js';
import type { Check } from './check.js';
import { isBacked, MIN_GROUPS } from './conflict.js';
import { claimsIn, isFixedForm } from './fixed-form.js';
import { allTexts, MAX_READ_CHARACTERS } from './normalise.js';

const MAX_TITLE_CHARACTERS = 120;
/**
 * Most tokens of a lesson's text, at four characters a token; a schema claim has its own cap. Of 453 real
 * lessons 13 % are longer than 120 and none than 300 (ADR 12).
 */
const MAX_TEXT_TOKENS = 300;

const FORM_OF_KIND: Readonly<Record<LessonDraft['kind'], LessonDraft['body']['form']>> = {
  'tool-note': 'text',
  rule: 'text',
  case: 'text',
  procedure: 'steps',
  parameter: 'value',
};

const shape: Check = {
  name: 'shape',
  check: (draft) => {
    const fault = shapeFault(draft);
    return fault === undefined ? null : { code: 'MALFORMED', message: fault };
  },
};

function shapeFault({ title, kind, body, sources, key, ...rest }: LessonDraft): string | undefined {
  if (title.trim() === '') return 'title: found nothing, expected a title';
  if (title.length > MAX_TITLE_CHARACTERS) {
    return `title: found ${title.length} characters, expected at most ${MAX_TITLE_CHARACTERS}`;
  }
  if (key === '') return 'key: found nothing, expected what the lesson is about';
  if (body.form !== FORM_OF_KIND[kind]) {
    return `body: found the form ${body.form}, expected ${FORM_OF_KIND[kind]} for a ${kind}`;
  }
  if (lessonText(body).trim() === '') return 'body: found nothing, expected a text';
  if (body.form === 'steps' && body.steps.some((step) => step.trim() === '')) {
    return 'body: found an empty step, expected a text in each';
  }
  if (sources.length === 0) return 'sources: found none, expected who or what it came from';
  if (rest.trigger.predicates.some(({ field }) => field === '')) {
    return 'trigger: found a predicate without field, expected a slice or input.<key>';
  }
  const longest = Math.max(
    ...allTexts({ title, kind, body, sources, key, ...rest }).map((text) => text.length),
  );
  return longest > MAX_READ_CHARACTERS
    ? `a text: found ${longest} characters, expected at most ${MAX_READ_CHARACTERS}`
    : undefined;
}

const layer: Check = {
  name: 'layer',
  check: ({ kind }, { permissions }) => {
    const touched = LAYER_OF_KIND[kind];
    return permissions[touched] === 'frozen'
      ? { code: 'LAYER_FROZEN', message: `the layer ${touched} is frozen: nothing learns it` }
      : null;
  },
};

const tool: Check = {
  name: 'tool',
  check: ({ toolVersions }, { tools }) =>
    Object.keys(toolVersions).every((name) => tools.includes(name))
      ? null
      : { code: 'TOOL_ABSENT', message: 'speaks of a tool that the agent has not' },
};

/** Tools are spoken of as such: a name in backticks may be a column as well. */
const NAMED_TOOL =
  /\b(?:(?:call|invoke) (?:the )?(?:tool )?`([A-Za-z_][\w.-]*)`|(?:the )?tool `([A-Za-z_][\w.-]*)`|`([A-Za-z_][\w.-]*)` tool\b)/gi;

const toolNamed: Check = {
  name: 'tool-named',
  check: ({ body }, { tools }) => {
    if (tools.length === 0 || body.form === 'value') return null;
    const named = [...lessonText(body).matchAll(NAMED_TOOL)].map(
      ([, called, after, before]) => called ?? after ?? before ?? '',
    );
    const stranger = named.find((name) => !tools.includes(name));
    return stranger === undefined
      ? null
      : { code: 'TOOL_WIDENING', message: 'tells to call a tool that the agent has not' };
  },
};

const parameter: Check = {
  name: 'parameter',
  check: ({ body }, { parameterFault }) => {
    if (body.form !== 'value' || parameterFault === undefined) return null;
    const message = parameterFault(body.parameter, body.value);
    return message === null ? null : { code: 'OUT_OF_RANGE', message };
  },
};

const lowTrustText: Check = {
  name: 'low-trust-text',
  check: (draft) => {
    const isLow =
      draft.trust === 'low' ||
      draft.sources.some(({ channel }) => channel === 'tool_output' || channel === 'user_text');
    if (!isLow || isFixedForm(draft)) return null;
    const message = 'free text of low trust: only statements of fact in a fixed form are accepted';
    return { code: 'LOW_TRUST_TEXT', message };
  },
};

const size: Check = {
  name: 'size',
  check: ({ body }, { maxTextTokens = MAX_TEXT_TOKENS }) => {
    const text = lessonText(body);
    if (body.form === 'text' && claimsIn(text) !== undefined) {
      return text.length <= MAX_CLAIM_CHARACTERS
        ? null
        : tooLong(`${text.length} characters`, `${MAX_CLAIM_CHARACTERS} for schema claims`);
    }
    const tokens = approximateTokens(text);
    return tokens <= maxTextTokens ? null : tooLong(`${tokens} tokens`, String(maxTextTokens));
  },
};

function tooLong(found: string, most: string) {
  const message = `text: found ${found}, expected at most ${most}; say one thing only`;
  return { code: 'LESSON_TOO_LONG' as const, message };
}

const duplicate: Check = {
  name: 'duplicate',
  check: (draft, { active }) => {
    const key = contentKey(draft);
    const same = active.find((lesson) => contentKey(lesson) === key);
    return same === undefined
      ? null
      : { code: 'DUPLICATE', message: `${same.id} says exactly this already` };
  },
};

const support: Check = {
  name: 'support',
  check: ({ sources }, { supportGroups }) => {
    const isFromFeedback = sources.some(({ channel }) => channel === 'feedback');
    if (!isFromFeedback || isBacked(supportGroups)) return null;
    const found = `found ${String(supportGroups.groups)} independent groups`;
    const message = `${found}, expected ${String(MIN_GROUPS)} or one expert or owner`;
    return { code: 'TOO_FEW_GROUPS', message };
  },
};

/** What a lesson's content hash covers, as text: equal for equal content, whatever the key order. */
function contentKey({ kind, title, trigger: when, body }: LessonContent): string {
  const predicates = when.predicates
    .map(({ field, op, value }) => JSON.stringify([field, op, value]))
    .sort();
  const said: Json =
    body.form === 'value' ? [body.parameter, canonical(body.value)] : [lessonText(body)];
  return JSON.stringify([kind, title, predicates, when.when, when.notWhen, body.form, said]);
}

function canonical(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (isList(value)) return value.map(canonical);
  return Object.entries(value)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, inner]) => [key, canonical(inner)]);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Form, permission and support: what needs no look at the meaning of words. */
export const SHAPE_CHECKS: readonly Check[] = [
  shape,
  layer,
  tool,
  toolNamed,
  parameter,
  lowTrustText,
  size,
  duplicate,
  support,
];
