/** One place packages come from, as sources.list(5) describes it; only what fetching from it needs. */
export interface Source {
  uri: string;
  suites: string[];
  components: string[];
  /** Key files or fingerprints; empty for apt's default keys. */
  signedBy: string[];
}

/** The enabled binary sources of a file; its name tells the format. */
export function parseSources(file: string, text: string): Source[] {
  if (file.endsWith('.sources')) return parseDeb822(text);
  return file.endsWith('.list') ? parseOneLine(text) : [];
}

/** Stanzas of `Field: value`, continued on lines that begin with white space. */
function parseDeb822(text: string): Source[] {
  const stanzas = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .split(/\n[ \t]*\n/);
  return stanzas.flatMap((stanza) => {
    const words = (name: string) => {
      const [, value = ''] = new RegExp(`^${name}:((?:.*)(?:\n[ \t].*)*)`, 'im').exec(stanza) ?? [];
      return value.split(/\s+/).filter(Boolean);
    };
    const off = /^(no|false|without|off|disable|0)$/i.test(words('Enabled')[0] ?? '');
    if (off || !words('Types').includes('deb')) return [];
    const suites = words('Suites');
    const components = words('Components');
    const signedBy = keysOf(words('Signed-By'));
    return words('URIs').map((uri) => ({ uri, suites, components, signedBy }));
  });
}

/** `deb [options] uri suite component…` */
function parseOneLine(text: string): Source[] {
  return [...text.matchAll(/^[ \t]*deb[ \t]+(?:\[([^\]]*)\][ \t]+)?(\S+)[ \t]+(\S+)(.*)$/gm)].map(
    ([, options = '', uri = '', suite = '', rest = '']) => ({
      uri,
      suites: [suite],
      components: rest.replace(/#.*/, '').split(/\s+/).filter(Boolean),
      signedBy: keysOf(/(?:^|\s)signed-by=(\S+)/.exec(options)?.[1]?.split(',') ?? []),
    }),
  );
}

/** A key written into the source itself can't stand on one line; apt's default keys have Debian's as well. */
function keysOf(words: string[]): string[] {
  if (words[0]?.startsWith('-----BEGIN')) return [];
  return words.flatMap((word) => word.split(',')).filter(Boolean);
}
