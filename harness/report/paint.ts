import { styleText } from 'node:util';
import type { Standing } from './standing.ts';

const STYLES = {
  complete: 'green',
  'known loss': 'yellow',
  skipped: 'dim',
  'no verdict': 'magenta',
  'unexpected pass': 'cyan',
  'unexpectedly little': 'cyan',
  'unexpected difference': 'red',
  'unexpected loss': 'red',
  heading: 'bold',
  aside: 'dim',
} as const satisfies { [S in Standing | 'heading' | 'aside']: Parameters<typeof styleText>[0] };

/** Colours a text that is already laid out. */
export type Paint = (style: keyof typeof STYLES, text: string) => string;

/** The caller has decided whether to colour, so the state of this process's own streams must not. */
export function painter(colour: boolean): Paint {
  return (style, text) => (colour ? styleText(STYLES[style], text, { validateStream: false }) : text);
}
