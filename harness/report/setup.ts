import type { Explained } from '../netconsole/explain.ts';
import { wrap } from './layout.ts';
import { painter } from './paint.ts';
import { safe } from '../printk/safe.ts';

interface Layout {
  colour: boolean;
  width: number;
}

/** A way to set netconsole up: the parameter, where it goes, and what to mind. */
export interface ShownSetup {
  parameter: string;
  /** The command that sets it up now, by a script; null where only the translation was asked for. */
  script: string | null;
  /** A sentence each. */
  notes: readonly string[];
}

/** How to set netconsole up on the machine that is to send, for a person. */
export function renderSetup({ parameter, script, notes }: ShownSetup, { colour, width }: Layout): string {
  const paint = painter(colour);
  const shown = safe(parameter);
  const sections: [heading: string, lines: string[]][] = [
    ['Kernel parameter, where netconsole is built in', [`netconsole=${shown}`]],
    [
      'Module: /etc/modprobe.d/netconsole.conf, and its name in /etc/modules-load.d/netconsole.conf',
      [`options netconsole netconsole=${shown}`, 'netconsole'],
    ],
    ...(script === null
      ? []
      : ([['Now, on that machine: a script with checks, which also finds the MAC address', [script]]] as [
          string,
          string[],
        ][])),
  ];
  const lines = sections.flatMap(([heading, commands]) => [
    ...wrap(heading, width).map((line) => paint('heading', line)),
    // To be copied: never broken.
    ...commands.map((command) => `  ${command}`),
    '',
  ]);
  return `${[...lines, ...mind(notes, { colour, width })].join('\n')}\n`;
}

/** What a parameter means, for a person. */
export function renderExplained(targets: readonly Explained[], { colour, width }: Layout): string {
  const paint = painter(colour);
  const lines = targets.flatMap((one, at) => [
    ...(at === 0 ? [] : ['']),
    ...wrap(safe(one.text === '' ? '(nothing)' : one.text), width).map((line) => paint('heading', line)),
    ...(one.ok
      ? [...one.words.flatMap((words) => wrap(safe(words), width, '  ')), ...list(one.warnings, width)]
      : wrap(safe(`wrong: ${one.problem}`), width, '  ').map((line) => paint('unexpected loss', line))),
  ]);
  return `${lines.join('\n')}\n`;
}

function mind(notes: readonly string[], { colour, width }: Layout): string[] {
  return notes.length === 0 ? [] : [painter(colour)('heading', 'Mind'), ...list(notes, width)];
}

const list = (sentences: readonly string[], width: number) =>
  sentences.flatMap((sentence) => wrap(safe(sentence), width, '  ! '));
