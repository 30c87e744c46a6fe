import { cut } from '../layout.ts';

/** Characters of a sentence, as of a reason, and columns of a name: a record may come from anybody. */
const MOST_SENTENCE = 4000;
const MOST_NAME = 120;

/** As much of a text as a page has room for. It says how much more there is, and where. */
export function shortened(text: string, most = MOST_SENTENCE, whole = 'run.jsonl'): string {
  if (text.length <= most) return text;
  const left = text.length - most;
  return `${text.slice(0, most)}… (${left} more characters; the whole text is in ${whole})`;
}

/** A name that stands among others, or a word: no longer than a person reads. */
export const shortName = (text: string, most = MOST_NAME): string => cut(text.slice(0, 2 * most), most);
