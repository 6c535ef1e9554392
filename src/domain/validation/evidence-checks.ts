import type { LessonDraft } from '../lesson.js';
import { lessonText } from '../lesson.js';
import { allHold } from '../retrieval/predicates.js';
import type { Check, EvidenceFacts, ValidationContext } from './check.js';
import { isFixedForm } from './fixed-form.js';
import { isQuotation } from './quotation.js';
import { isAbove, lowestTrust, TRUST_OF_CHANNEL } from './trust.js';

const evidence: Check = {
  name: 'evidence',
  check: (draft, context) => {
    for (const { episode, steps } of draft.evidence) {
      const cited = context.evidence.find((facts) => facts.episode === episode);
      // The same words whether it never existed or is another tenant's.
      const isKnown =
        cited !== undefined &&
        steps.every((step) => Number.isInteger(step) && step >= 0 && step < cited.steps);
      if (!isKnown) {
        return {
          code: 'EVIDENCE_UNKNOWN',
          message: 'cites an episode or a step that is not there',
        };
      }
    }
    return null;
  },
};

const scope: Check = {
  name: 'scope',
  check: (draft, context) =>
    citedOf(draft, context).every(({ agent }) => agent === undefined || agent === context.agent)
      ? null
      : { code: 'OUT_OF_SCOPE', message: 'was learned from an episode of another agent' },
};

const trigger: Check = {
  name: 'trigger',
  check: (draft, context) => {
    const { predicates } = draft.trigger;
    const own = episodesOf(draft, (role) => role !== 'contrast');
    const isSilent = context.evidence.some(
      (facts) => own.has(facts.episode) && !allHold(predicates, facts),
    );
    return isSilent
      ? {
          code: 'TRIGGER_SILENT',
          message: 'the predicates are false of a task it was learned from',
        }
      : null;
  },
};

const negative: Check = {
  name: 'negative',
  check: (draft, context) => {
    const { predicates } = draft.trigger;
    const negatives = episodesOf(draft, (role) => role === 'contrast');
    const fires = context.evidence.some(
      (facts) => negatives.has(facts.episode) && allHold(predicates, facts),
    );
    return fires
      ? {
          code: 'TRIGGER_TOO_WIDE',
          message: 'the predicates hold for a task it is shown not to be for',
        }
      : null;
  },
};

const trust: Check = {
  name: 'trust',
  check: (draft) => {
    const origin = lowestTrust(draft.sources.map(({ channel }) => TRUST_OF_CHANNEL[channel]));
    if (!isAbove(draft.trust, origin)) return null;
    const message = `found the label ${draft.trust}, expected at most ${origin}: the lowest of its origins`;
    return { code: 'TRUST_RAISED', message };
  },
};

/** Reflection hands on what it read: words of a tool or user stay theirs, whoever repeats them. */
const taint: Check = {
  name: 'taint',
  check: (draft, context) => {
    if (isFixedForm(draft)) return null;
    const isRepeated = citedOf(draft, context)
      .flatMap(({ observed = [] }) => observed)
      .some((said) => isQuotation(lessonText(draft.body), said));
    return isRepeated
      ? {
          code: 'TAINTED',
          message: 'repeats what a tool or user said; only facts may come from there',
        }
      : null;
  },
};

function episodesOf(
  draft: LessonDraft,
  isMeant: (role: LessonDraft['evidence'][number]['role']) => boolean,
): ReadonlySet<string> {
  return new Set(draft.evidence.filter(({ role }) => isMeant(role)).map(({ episode }) => episode));
}

function citedOf(draft: LessonDraft, context: ValidationContext): readonly EvidenceFacts[] {
  const cited = episodesOf(draft, () => true);
  return context.evidence.filter(({ episode }) => cited.has(episode));
}

/** What a lesson was learned from, and what may be concluded of it. */
export const EVIDENCE_CHECKS: readonly Check[] = [evidence, scope, trigger, negative, trust, taint];
