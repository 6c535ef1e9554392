import { lessonText } from '../lesson.js';
import type { Check } from './check.js';
import { isFixedForm } from './fixed-form.js';
import { sentencesOf, visible } from './normalise.js';

/** Small words that nearly every sentence of a language has and few others know. */
const SMALL_WORDS: Readonly<Record<string, ReadonlySet<string>>> = {
  english: wordsOf(
    'the and of to is are was with for that this not you your it if when from by as at be or an in on do all then before after only each first use',
  ),
  german: wordsOf(
    'der die das und ist nicht den dem des ein eine einen auf mit für von zu im sie ich du alle immer wenn nur auch bei nach oder wird sind dass',
  ),
  french: wordsOf(
    'le la les et est pas des du une dans pour que qui sur avec vous votre vos tous toujours ne se au aux ou si ce cette',
  ),
  spanish: wordsOf(
    'el la los las y es no de que en un una por con para su sus todos todas siempre mi lo al si se del como',
  ),
  portuguese: wordsOf(
    'o os as e é não de que em um uma por com para seu sua todos tudo sempre mim meu minha da do na no ao se',
  ),
  italian: wordsOf(
    'il lo gli e è non di che in un una per con tutti tutte sempre mio mia del della dei nel nella si al alla',
  ),
  dutch: wordsOf(
    'de het en een niet van op met voor dat die zijn aan alle altijd naar mij mijn je uw bij als ook wordt of',
  ),
  swedish: wordsOf(
    'och är inte att det en ett som på för med av till alla alltid den du jag mig min om eller från så',
  ),
  polish: wordsOf(
    'i w z na nie się że do jest o mi mój moje wszystkie wszystkich zawsze jak po od dla lub oraz to tym ten',
  ),
  turkish: wordsOf(
    'bir ve bu için ile her tüm bana benim değil olarak daha gibi sen ben ama ya da en çok bütün',
  ),
};

const WORD = /\p{L}+/gu;
/** Code and quotations may be in any language. */
const APART = /`[^`]*`|"[^"]*"|“[^”]*”|(?<!\p{L})'[^']*'(?!\p{L})/gu;
/** So many small words tell the language of a sentence. */
const MIN_SMALL_WORDS = 2;
const MIN_LETTERS = 4;

const language: Check = {
  name: 'language',
  check: (draft) => {
    if (isFixedForm(draft)) return null;
    const sentences = sentencesOf(visible(lessonText(draft.body)).replace(APART, ' '));
    return changesScript(sentences) || changesTongue(sentences)
      ? {
          code: 'MIXED_LANGUAGE',
          message: 'changes its language from one sentence to another; write all of it in one',
        }
      : null;
  },
};

/** What is read over by those who read the rest can say anything. */
function changesScript(sentences: readonly string[]): boolean {
  const scripts = sentences.map(scriptOf).filter((script) => script !== undefined);
  return new Set(scripts).size > 1;
}

function scriptOf(sentence: string): 'latin' | 'other' | undefined {
  const letters = sentence.match(/\p{L}/gu)?.length ?? 0;
  if (letters < MIN_LETTERS) return undefined;
  const latin = sentence.match(/\p{Script=Latin}/gu)?.length ?? 0;
  return latin > letters / 2 ? 'latin' : 'other';
}

/** Two sentences, each in a tongue that the other has nothing of. */
function changesTongue(sentences: readonly string[]): boolean {
  const spoken = sentences.flatMap((sentence) => {
    const counts = smallWordsOf(sentence);
    const [name, times] = mostOf(counts) ?? ['', 0];
    return times >= MIN_SMALL_WORDS ? [{ name, times, counts }] : [];
  });
  return spoken.some(
    (one) =>
      (one.name === 'english' || !one.counts.has('english')) &&
      spoken.some(
        ({ name, times, counts }) =>
          name !== one.name && !one.counts.has(name) && (counts.get(one.name) ?? 0) < times / 2,
      ),
  );
}

function smallWordsOf(sentence: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of sentence.toLowerCase().matchAll(WORD)) {
    for (const [name, words] of Object.entries(SMALL_WORDS)) {
      if (words.has(word)) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return counts;
}

function mostOf(counts: ReadonlyMap<string, number>): readonly [string, number] | undefined {
  return [...counts].toSorted(([, left], [, right]) => right - left)[0];
}

function wordsOf(words: string): ReadonlySet<string> {
  return new Set(words.split(' '));
}

/** Whether a lesson stays in one language. */
export const LANGUAGE_CHECKS: readonly Check[] = [language];
