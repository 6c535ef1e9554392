import { lessonText, type LessonRevision } from '../lesson.js';

/** Words by which a lesson speaks of how its agent is judged, and not of its work. */
const GRADING =
  /\b(?:grad(?:e|es|ed|er|ers|ing)|judg(?:e|es|ed|ing)|rubrics?|scor(?:er|ers|ing)|evaluators?|reward(?:s|ed)?|checkers?|test cases?|gold (?:answers?|labels?))\b/i;

/**
 * Why a person must look at a candidate whatever its layers allow: lessons that talk of the grading may work
 * by pleasing the judge (GATE 2.7). Facts that a tool itself stated, in their fixed form, are no such talk.
 */
export function reviewOf(
  lessons: readonly Pick<LessonRevision, 'title' | 'trigger' | 'body' | 'fact'>[],
): string | null {
  for (const { title, trigger, body, fact } of lessons) {
    if (fact !== undefined) continue;
    const found = GRADING.exec([title, trigger.when, trigger.notWhen, lessonText(body)].join('\n'));
    if (found !== null) return `lesson ${JSON.stringify(title)} talks of its grading (${found[0]})`;
  }
  return null;
}
