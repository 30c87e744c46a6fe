import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CrashlabError } from '../host/error.ts';
import { packageRoot } from '../host/version.ts';
import { wrap } from '../report/layout.ts';
import { ERROR_CODES } from './error-codes.ts';
import type { ReportIo } from './report.ts';

/** Topics of `crashlab help`, and the sections of the README that tell of them. */
const TOPICS: Readonly<Record<string, readonly string[]>> = {
  verdicts: ['The verdict'],
  scenarios: ['Scenarios'],
  matrix: ['The matrix'],
  fleets: ['Several hosts'],
  field: ['Listening to real machines', 'A crash somewhere else'],
  tests: ['In your own tests'],
};

/** All there are. */
export const TOPIC_NAMES = [...Object.keys(TOPICS), 'errors'];

/** `crashlab help TOPIC`: a part of the README, the error codes, or one of them. Throws NO_TOPIC. */
export async function helpCommand(topic: string, { stdout, width }: ReportIo): Promise<number> {
  const code = ownOf(ERROR_CODES, topic.toUpperCase());
  if (topic === 'errors') {
    for (const [name, meaning] of Object.entries(ERROR_CODES))
      stdout(`${name}\n${wrap(meaning, width, '  ').join('\n')}\n`);
    return 0;
  }
  if (code !== undefined) {
    stdout(`${wrap(code, width).join('\n')}\n`);
    return 0;
  }
  const sections = ownOf(TOPICS, topic);
  if (!sections) {
    throw new CrashlabError('usage', 'NO_TOPIC', `There is no help on "${topic}".`, {
      advice: `There is help on each command, on ${TOPIC_NAMES.join(', ')}, and on each error code.`,
    });
  }
  const readme = await readFile(path.join(packageRoot(), 'README.md'), 'utf8');
  stdout(sections.map((title) => paragraphs(sectionOf(readme, title), width)).join('\n'));
  return 0;
}

const ownOf = <T>(things: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(things, name) ? things[name] : undefined;

function sectionOf(readme: string, title: string): string {
  const from = readme.indexOf(`\n## ${title}\n`) + 1;
  const to = readme.indexOf('\n## ', from);
  return readme.slice(from, to === -1 ? undefined : to + 1);
}

/** Markdown as it is, but for paragraphs and lists, which are broken anew. */
function paragraphs(markdown: string, width: number): string {
  const lines: string[] = [];
  let open: string[] = [];
  let fenced = false;
  const close = () => {
    const [first = ''] = open;
    const [mark = ''] = /^\* /.exec(first) ?? [];
    if (open.length > 0)
      lines.push(...wrap(open.join(' ').slice(mark.length).replaceAll(/ +/g, ' '), width, mark));
    open = [];
  };
  for (const line of markdown.split('\n')) {
    if (line.startsWith('```')) {
      close();
      fenced = !fenced;
    } else if (fenced) {
      lines.push(`    ${line}`);
    } else if (line === '' || /^[|#]/.test(line)) {
      close();
      lines.push(line);
    } else {
      if (line.startsWith('* ')) close();
      open.push(line.trim());
    }
  }
  close();
  return `${lines.join('\n').trimEnd()}\n`;
}
