import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { askFacts, parseFacts } from '../../harness/guest/facts.ts';
import { CrashlabError } from '../../harness/host/error.ts';
import { forEver } from './for-ever.ts';

const said = {
  release: '6.1.0-56-cloud-amd64\n',
  vmcoreinfo: '0x0000000002603000 1024\n',
  consoles: 'ttyS0                -W- (EC p a)    4:64\nnetcon_ext0          -W- (E  p  )\n',
  moduleSymbols: 'ffffffffc0000000 t start_xmit\t[virtio_net]\n',
};

test('facts are what the guest says', () => {
  expect(parseFacts(said)).toEqual({
    release: '6.1.0-56-cloud-amd64',
    vmcoreinfo: { address: '0x0000000002603000', size: 0x1024 },
    netconsole: 'legacy',
    moduleSymbols: said.moduleSymbols,
  });
});

test.each([
  ['netcon_ext0          -W- (E  p  )', 'legacy'],
  ['netcon_ext0          -W- (E N  a)', 'nbcon'],
  ['netcon0          -W- (EN p  )', 'nbcon'],
  ['ttyS0   -W- (EN p a)    4:64\nnetcon_ext0          -W- (E  p  )', 'legacy'],
])('netconsole in "%s" is %s', (consoles, kind) => {
  expect(parseFacts({ ...said, consoles }).netconsole).toBe(kind);
});

test.each([
  ['#1 SMP PREEMPT_RT Debian 6.12.117-1 (2026-11-12)\n', true],
  ['#1 SMP PREEMPT_DYNAMIC Debian 6.12.117-1 (2026-11-12)\n', undefined],
])('a kernel whose version is "%s" is realtime: %s', (version, realtime) => {
  expect(parseFacts({ ...said, version }).realtime).toBe(realtime);
});

test.each([
  ['no release', { release: '' }],
  ['a release of escapes', { release: '6.1\x1b[2J' }],
  ['no VMCOREINFO', { vmcoreinfo: '' }],
  ['an address without size', { vmcoreinfo: '0x1000' }],
  ['a size that is none', { vmcoreinfo: '0x1000 -1' }],
  ['an empty note', { vmcoreinfo: '0x1000 0' }],
  ['an address of too many digits', { vmcoreinfo: `0x${'f'.repeat(17)} 400` }],
  ['an address that is none', { vmcoreinfo: 'nonsense nonsense' }],
  ['no netconsole', { consoles: 'ttyS0 -W- (EC p a) 4:64' }],
])('a guest with %s is odd, and nothing worse', (_, change) => {
  const oddly = () => parseFacts({ ...said, ...change });
  expect(oddly).toThrow(CrashlabError);
  expect(oddly).toThrow(expect.objectContaining({ code: 'GUEST_ODD', blame: 'guest' }) as Error);
});

test('whatever a guest says, it is facts or our error', () => {
  const record = fc.record({
    release: fc.string(),
    vmcoreinfo: fc.oneof(fc.string(), fc.stringMatching(/^0x[0-9a-f]{1,20} [0-9a-f]{0,10}$/)),
    consoles: fc.oneof(fc.string(), fc.constant(said.consoles)),
    moduleSymbols: fc.string(),
  });
  fc.assert(
    fc.property(record, (words) => {
      expect(failureOf({ ...said, ...words })).toBe('none or ours');
    }),
  );
});

function failureOf(words: typeof said): unknown {
  try {
    parseFacts(words);
  } catch (error) {
    if (!(error instanceof CrashlabError)) return error;
  }
  return 'none or ours';
}

describe('asking', () => {
  test('a kernel without VMCOREINFO is said to lack it', async () => {
    await expect(askFacts(agentOf('vmcoreinfo'), forEver)).rejects.toMatchObject({ code: 'KERNEL_WITHOUT' });
  });

  test('a kernel without modules has none', async () => {
    expect(await askFacts(agentOf('kallsyms'), forEver)).toMatchObject({ moduleSymbols: '' });
  });
});

const agentOf = (failing: string) => ({
  run: (command: string) =>
    Promise.resolve(
      command.includes(failing) ? { output: '', status: 1 } : { output: answerTo(command), status: 0 },
    ),
  must: (command: string) => Promise.resolve(answerTo(command)),
});

function answerTo(command: string): string {
  if (command.startsWith('uname')) return said.release;
  if (command.includes('vmcoreinfo')) return said.vmcoreinfo;
  return command.includes('consoles') ? said.consoles : said.moduleSymbols;
}
