import { describe, expect, test } from 'vitest';
import { parseRelease, sourcesOf } from '../../images/debian.ts';
import { parseSources } from '../../images/sources.ts';

const KEY = '/usr/share/keyrings/debian-archive-keyring.gpg';
const DEB822 = `# made by the installer
Types: deb deb-src
# a comment inside
URIs: http://mirror.example/debian
Suites: trixie trixie-updates
Components: main non-free-firmware
Signed-By: ${KEY}

Types: deb
URIs: http://security.example/debian-security
Suites: trixie-security
Components: main
Signed-By:
 ${KEY}

Types: deb-src
URIs: http://source.example/debian
Suites: trixie
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: trixie
Components: main
`;
const ONE_LINE = `# comment
deb [arch=amd64 signed-by=${KEY}] http://mirror.example/debian bookworm main contrib # main mirror
deb-src http://mirror.example/debian bookworm main
  deb http://mirror.example/debian-security/ bookworm-security main
#deb http://off.example/debian bookworm main
deb http://mirror.example/debian bookworm-updates main`;
/** Whose "main" is not Debian's, as they are found on real hosts. */
const OTHERS = `deb [signed-by=/etc/apt/keyrings/gitlab.gpg] https://packages.gitlab.example/runner/debian/ bookworm main
deb https://packages.cloud.example/apt bookworm main
deb [signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.example/linux/debian bookworm stable
deb https://apt.postgresql.example/pub/debian bookworm-pgdg main
`;

describe('the sources of a host', () => {
  test('are read from stanzas: enabled binary ones, with keys', () => {
    expect(parseSources('debian.sources', DEB822)).toEqual([
      {
        uri: 'http://mirror.example/debian',
        suites: ['trixie', 'trixie-updates'],
        components: ['main', 'non-free-firmware'],
        signedBy: [KEY],
      },
      {
        uri: 'http://security.example/debian-security',
        suites: ['trixie-security'],
        components: ['main'],
        signedBy: [KEY],
      },
    ]);
  });

  test('are read from lines, the last one without its newline too', () => {
    expect(parseSources('sources.list', ONE_LINE)).toEqual([
      {
        uri: 'http://mirror.example/debian',
        suites: ['bookworm'],
        components: ['main', 'contrib'],
        signedBy: [KEY],
      },
      {
        uri: 'http://mirror.example/debian-security/',
        suites: ['bookworm-security'],
        components: ['main'],
        signedBy: [],
      },
      {
        uri: 'http://mirror.example/debian',
        suites: ['bookworm-updates'],
        components: ['main'],
        signedBy: [],
      },
    ]);
  });

  test('may carry their key inside, which a line can’t: apt’s default keys stand in', () => {
    const inside = `Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----\n`;
    expect(parseSources('debian.sources', inside)[0]).toMatchObject({ signedBy: [] });
  });

  test('are in files that end as apt wants it', () => {
    expect(parseSources('debian.list.save', ONE_LINE)).toEqual([]);
  });
});

describe('the sources of a suite', () => {
  const trixie = parseSources('debian.sources', DEB822);
  const bookworm = parseSources('sources.list', ONE_LINE);

  test('of the host’s own release are its mirror, updates and security, each under its key', () => {
    expect(sourcesOf('trixie', true, trixie)).toBe(
      `deb [signed-by=${KEY}] http://mirror.example/debian trixie main\n` +
        `deb [signed-by=${KEY}] http://mirror.example/debian trixie-updates main\n` +
        `deb [signed-by=${KEY}] http://security.example/debian-security trixie-security main\n`,
    );
    expect(sourcesOf('bookworm', true, bookworm)).toBe(
      `deb [signed-by=${KEY}] http://mirror.example/debian bookworm main\n` +
        'deb http://mirror.example/debian-security/ bookworm-security main\n' +
        'deb http://mirror.example/debian bookworm-updates main\n',
    );
  });

  test('of another release are the main mirror’s, not those of security', () => {
    expect(sourcesOf('sid', false, trixie.toReversed())).toBe(
      `deb [signed-by=${KEY}] http://mirror.example/debian sid main\n`,
    );
  });

  test('are never those of others, wherever they stand', () => {
    const mixed = [...parseSources('others.list', OTHERS), ...bookworm];
    expect(sourcesOf('bookworm', true, mixed)).toBe(sourcesOf('bookworm', true, bookworm));
    expect(sourcesOf('sid', false, mixed)).toBe(sourcesOf('sid', false, bookworm));
  });

  test('name the release where the host’s sources say "stable"', () => {
    const stable = parseSources('sources.list', 'deb http://mirror.example/debian stable main\n');
    expect(sourcesOf('bookworm', true, stable)).toBe('deb http://mirror.example/debian bookworm main\n');
  });

  test('work with the mirror lists of Debian’s cloud images', () => {
    const cloud = `Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: bookworm bookworm-updates\nComponents: main\n`;
    expect(sourcesOf('bookworm', true, parseSources('debian.sources', cloud))).toContain(
      'deb mirror+file:///etc/apt/mirrors/debian.list bookworm main\n',
    );
  });

  test('are missed with a sentence on a host that has none', () => {
    expect(() => sourcesOf('bookworm', true, parseSources('others.list', OTHERS))).toThrow(
      expect.objectContaining({ code: 'NO_SOURCES' }),
    );
  });
});

describe('a host’s release', () => {
  test.each([
    [
      'Debian 12',
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n',
      'bookworm',
    ],
    [
      'Debian 13',
      'ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nDEBIAN_VERSION_FULL=13.1\n',
      'trixie',
    ],
    ['a quoted one', 'ID="debian"\nVERSION_CODENAME="trixie"\n', 'trixie'],
    ['Ubuntu', 'ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n', null],
    ['a file without codename', 'ID=debian\n', null],
    ['no file', '', null],
  ])('of %s is read from os-release', (_, text, codename) => {
    expect(parseRelease(text)).toBe(codename);
  });
});
