import { describe, expect, test } from 'vitest';
import { parseSpecification } from '../../images/specification.ts';
import { noSuite, suiteName } from '../../images/suite.ts';

describe('a kernel’s specification', () => {
  test.each([
    ['debian', { version: null }],
    ['debian:6.12', { version: '6.12' }],
    ['debian:7', { version: '7' }],
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
    expect(() => parseSpecification('6.1.0-65-cloud-amd64', ['6.1.0-56-cloud-amd64'])).toThrow(
      expect.objectContaining({ advice: expect.stringMatching(/^Did you mean 6\.1\.0-56-cloud-amd64\? /) }),
    );
  });

  test('of a file asks for its modules', () => {
    expect(() => parseSpecification('arch/x86/boot/bzImage')).toThrow(
      expect.objectContaining({ code: 'NO_MODULES', advice: expect.stringContaining('--modules DIR') }),
    );
  });
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
