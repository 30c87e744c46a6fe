import { describe, expect, test } from 'vitest';
import { parseSpecification } from '../../images/specification.ts';
import { architectureOf } from '../../images/debian-architecture.ts';
import { noSuite, suiteName } from '../../images/suite.ts';

describe('a kernel’s specification', () => {
  test.each([
    ['debian', { version: null, flavour: 'cloud' }],
    ['debian:6.12', { version: '6.12', flavour: 'cloud' }],
    ['debian:7', { version: '7', flavour: 'cloud' }],
    ['debian:6.12-rt', { version: '6.12', flavour: 'rt' }],
    ['debian:6.1-amd64', { version: '6.1', flavour: 'amd64' }],
    ['debian:6.12-cloud', { version: '6.12', flavour: 'cloud' }],
    ['debian-rt', { version: null, flavour: 'rt' }],
    ['linux-image-6.1.0-56-cloud-amd64', { package: 'linux-image-6.1.0-56-cloud-amd64' }],
    ['linux-image-6.12.117+deb12-cloud-amd64', { package: 'linux-image-6.12.117+deb12-cloud-amd64' }],
    ['linux-image-cloud-amd64', { package: 'linux-image-cloud-amd64' }],
  ])('%s is understood', (text, specification) => {
    expect(parseSpecification(text)).toEqual(specification);
  });

  test.each(['debian:', 'debian:6.', 'debian:six', 'linux-image-', 'linux-image-$(id)', '', '-o', '7.2'])(
    '"%s" names no kernel',
    (text) => {
      expect(() => parseSpecification(text)).toThrow(
        expect.objectContaining({ blame: 'usage', code: 'NO_KERNEL' }),
      );
    },
  );

  test('is corrected towards what there is', () => {
    expect(() => parseSpecification('debain')).toThrow(
      expect.objectContaining({ advice: expect.stringMatching(/^Did you mean debian\? /) }),
    );
    for (const rest of [':6.1', ':6.12-rt', '-rt']) {
      expect(() => parseSpecification(`debain${rest}`)).toThrow(
        expect.objectContaining({ advice: expect.stringContaining(`Did you mean debian${rest}? `) }),
      );
    }
    expect(() => parseSpecification('fedora:6.1')).toThrow(
      expect.objectContaining({ advice: expect.not.stringContaining('Did you mean') }),
    );
    expect(() => parseSpecification('6.1.0-65-cloud-amd64', ['6.1.0-56-cloud-amd64'])).toThrow(
      expect.objectContaining({ advice: expect.stringMatching(/^Did you mean 6\.1\.0-56-cloud-amd64\? /) }),
    );
  });

  test.each([
    ['debian:6.12-rtt', 'Did you mean debian:6.12-rt?'],
    ['debian:6.12-amd46', 'Did you mean debian:6.12-amd64?'],
    ['debian:6.12-lowlatency', 'The flavours are cloud, rt, amd64, arm64.'],
  ])('%s is of a flavour that Debian does not have', (text, advice) => {
    expect(() => parseSpecification(text)).toThrow(
      expect.objectContaining({ blame: 'usage', code: 'NO_KERNEL', advice }),
    );
  });

  test('of a file asks for its modules', () => {
    expect(() => parseSpecification('arch/x86/boot/bzImage')).toThrow(
      expect.objectContaining({ code: 'NO_MODULES', advice: expect.stringContaining('--modules DIR') }),
    );
  });
});

const architecture = (text: string, asked?: string) => architectureOf(parseSpecification(text), text, asked);

describe('the architecture of a specification', () => {
  test.each([
    ['debian:6.12', undefined, 'x86-64'],
    ['debian:6.12', 'arm64', 'arm64'],
    ['debian:6.12-rt', 'arm64', 'arm64'],
    ['debian:6.12-arm64', undefined, 'arm64'],
    ['debian:6.12-amd64', undefined, 'x86-64'],
    ['linux-image-6.12.117+deb13-cloud-arm64', undefined, 'arm64'],
    ['linux-image-6.1.0-56-cloud-amd64', 'x86-64', 'x86-64'],
  ])('%s, asked for as %s, is %s', (text, asked, expected) => {
    expect(architecture(text, asked)).toBe(expected);
  });

  test.each(['debian:6.12-amd64', 'linux-image-6.1.0-56-cloud-amd64'])(
    '%s is none for arm64',
    (specification) => {
      expect(() => architecture(specification, 'arm64')).toThrow(
        expect.objectContaining({ code: 'NO_KERNEL', advice: expect.stringContaining('--arch x86-64') }),
      );
    },
  );
});

describe('a suite', () => {
  test('is taken as it is named', () => {
    expect(suiteName('trixie-backports')).toBe('trixie-backports');
  });

  test.each(['../../etc', 'sid main\ndeb http://evil.example/debian', '', '-o'])('can’t be "%s"', (name) => {
    expect(() => suiteName(name)).toThrow(expect.objectContaining({ blame: 'usage', code: 'NO_SUITE' }));
  });

  test('that a mirror does not have is corrected', () => {
    expect(noSuite('bokworm').advice).toMatch(/^Did you mean bookworm\? /);
    expect(noSuite('warty').advice).not.toContain('Did you mean');
  });
});
