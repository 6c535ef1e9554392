import type { LessonDraft, LessonSource, Predicate, Trust } from '../../domain/lesson.js';
import { claimsIn } from '../../domain/validation/fixed-form.js';
import { sha256 } from '../digest.js';
import { plainText } from '../plain-text.js';
import { BadRecordError } from './bad-record.js';

/** One lesson of a Markdown list, with the line it begins in, or why it is none. */
export type SeedLesson =
  | { readonly line: number; readonly draft: LessonDraft }
  | { readonly line: number; readonly fault: BadRecordError };

/** Who wrote the list. */
export interface SeedAuthor {
  readonly source: LessonSource;
  readonly trust: Trust;
}

interface Item {
  readonly line: number;
  readonly when: string;
  readonly texts: readonly string[];
}

const BULLET = /^(?:[-*+]|\d{1,9}[.)])\s+(.*)$/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*\s*$/;
const CONTINUATION = /^\s+\S/;
const PREDICATES = /^\[([^\]]*)\]\s*/;
const PREDICATE = /^([\w.-]+)\s*=\s*(.+)$/;

/**
 * Reads hand-written lessons: each item of a top-level list is one, lines indented below it belong to
 * it. A heading of the second level or below says when the items under it hold; an item may begin with
 * the slices it holds for, `[database=shop, kind=count]`. Other text is for people and is passed over.
 */
export function seedLessons(
  markdown: string,
  { source, trust }: SeedAuthor,
): readonly SeedLesson[] {
  return itemsOf(plainText(markdown)).map(({ line, when, texts }) => {
    const whole = texts.join('\n');
    const listed = PREDICATES.exec(whole);
    const text = whole.slice(listed?.[0].length ?? 0);
    const predicates: Predicate[] = [];
    for (const part of (listed?.[1] ?? '').split(',').filter((one) => one.trim() !== '')) {
      const [, field, value] = PREDICATE.exec(part.trim()) ?? [];
      if (field === undefined || value === undefined) {
        const fault = new BadRecordError('MALFORMED', 'slices', part.trim(), 'slice=value');
        return { line, fault };
      }
      predicates.push({ field, op: 'eq', value: value.trim() });
    }
    const where = predicates.map(({ field, value }) => `${field}=${String(value)}`).join(',');
    return {
      line,
      draft: {
        key: `seed/${sha256(`${when}\n${where}\n${text}`).slice(0, 16)}`,
        kind: claimsIn(text) === undefined ? 'rule' : 'tool-note',
        title: (text.split('\n')[0] ?? '').slice(0, 120),
        trigger: { predicates, when, notWhen: '' },
        body: { form: 'text', text },
        rationale: `written by hand by ${source.principal}`,
        evidence: [],
        sources: [source],
        trust,
        toolVersions: {},
      },
    };
  });
}

function itemsOf(markdown: string): readonly Item[] {
  const items: Item[] = [];
  let when = '';
  let isOpen = false;
  let isCode = false;
  for (const [index, line] of markdown.split(/\r?\n/).entries()) {
    if (/^\s*(?:```|~~~)/.test(line)) isCode = !isCode;
    const heading = isCode ? null : HEADING.exec(line);
    const bullet = isCode ? null : BULLET.exec(line);
    const last = items.at(-1);
    if (heading !== null) {
      when = (heading[1] ?? '').length > 1 ? (heading[2] ?? '') : '';
      isOpen = false;
    } else if (bullet !== null) {
      items.push({ line: index + 1, when, texts: [bullet[1] ?? ''] });
      isOpen = true;
    } else if (isOpen && CONTINUATION.test(line) && last !== undefined) {
      items[items.length - 1] = { ...last, texts: [...last.texts, line.trim()] };
    } else if (line.trim() !== '') {
      isOpen = false;
    }
  }
  return items;
}
