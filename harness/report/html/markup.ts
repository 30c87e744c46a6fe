import { safe } from '../../printk/safe.ts';

/** A piece of HTML: nothing of it came from a guest or a user without being made text. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

type Piece = string | number | Html | readonly Piece[];

/**
 * A piece of HTML from a template; what is put into it is text, however hostile: control characters are shown, nothing
 * is markup. Attributes are to be quoted with double quotes. A line's end in the template and the blanks around it are
 * only there for who reads the source.
 */
export function html(template: TemplateStringsArray, ...pieces: Piece[]): Html {
  const parts = partsOf(template);
  let whole = parts[0] ?? '';
  for (const [at, piece] of pieces.entries()) whole += markupOf(piece) + (parts[at + 1] ?? '');
  return new Html(whole);
}

const templates = new WeakMap<TemplateStringsArray, string[]>();

function partsOf(template: TemplateStringsArray): string[] {
  const known = templates.get(template);
  if (known) return known;
  const parts = template.map((part) =>
    part
      .replaceAll(/(^|>)\s*\n\s*/g, '$1')
      .replaceAll(/\s*\n\s*(<|$)/g, '$1')
      .replaceAll(/\s*\n\s*/g, ' '),
  );
  templates.set(template, parts);
  return parts;
}

export const NOTHING = new Html('');

export const bytesOf = ({ markup }: Html) => Buffer.byteLength(markup);

/** Our own text as it is: styles, scripts. */
export const raw = (markup: string) => new Html(markup);

function markupOf(piece: Piece): string {
  if (piece instanceof Html) return piece.markup;
  if (typeof piece === 'number') return String(piece);
  if (typeof piece === 'string') return textOf(piece);
  return piece.map(markupOf).join('');
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A line's end of ours is one; in what a guest wrote it is told apart before. */
const textOf = (text: string) =>
  (text === '\n' ? text : safe(text)).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
