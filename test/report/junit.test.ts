import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderJunit } from '../../harness/report/junit.ts';
import { safe } from '../../harness/printk/safe.ts';
import { renderXml } from '../../harness/report/xml.ts';
import {
  complete,
  end,
  hostileRecord,
  hostileText,
  infrastructure,
  lost,
  record,
  start,
  verdict,
} from './build.ts';

const XSD = fileURLToPath(new URL('junit.xsd', import.meta.url));

/** xmllint, which is libxml2 (Debian: libxml2-utils), is the judge of what XML is. */
function xmllint(xml: string, ...options: string[]): string {
  const { error, status, stdout, stderr } = spawnSync('xmllint', [...options, '-'], {
    input: xml,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  expect(status, `${stderr}\n${xml}`).toBe(0);
  return stdout;
}

/** The string value of an XPath, as a reader of the document sees it. */
function read(xml: string, path: string): string {
  return xmllint(xml, '--xpath', `string(${path})`).replace(/\n$/, '');
}

describe('the JUnit report', () => {
  const NEW = { kernel: '7.2.3' };
  const xml = renderJunit(
    record(
      verdict('sysrq-c'),
      verdict('sysrq-c', { cell: NEW, wire: lost(59), expect: { wire: 'incomplete', because: 'nbcon' } }),
      verdict('oops', { cell: NEW, wire: lost(12), differences: ['The wire lost 12 records.'] }),
      infrastructure('nmi', 'guest', NEW),
      verdict('field', { cell: NEW, wire: { ...complete(), status: 'undecidable', reason: 'no truth' } }),
    ),
  );

  test('has a suite per cell that says what the cell is', () => {
    expect(read(xml, 'count(//testsuite)')).toBe('2');
    expect(read(xml, '//testsuite[2]/@name')).toBe(
      '7.2.3 · amd64 · virtio-net · 1 vCPU · panic=0 · extended',
    );
    expect(read(xml, '//testsuite[2]//property[@name="kernel"]/@value')).toBe('7.2.3');
    expect(read(xml, '//testsuite[2]//property[@name="panic"]/@value')).toBe('0');
  });

  test.each([
    ['/testsuites', 'tests', '5'],
    ['/testsuites', 'failures', '1'],
    ['/testsuites', 'errors', '1'],
    ['/testsuites', 'time', '21.340'],
    ['//testsuite[1]', 'tests', '1'],
    ['//testsuite[1]', 'failures', '0'],
    ['//testsuite[2]', 'tests', '4'],
    ['//testsuite[2]', 'failures', '1'],
    ['//testsuite[2]', 'errors', '1'],
    ['//testsuite[2]', 'skipped', '1'],
    ['//testsuite[2]', 'time', '31.230'],
  ])('counts in %s the %s: %s', (path, attribute, value) => {
    expect(read(xml, `${path}/@${attribute}`)).toBe(value);
  });

  test('fails an unexpected loss with all its missing records', () => {
    const failure = '//testcase[@classname="crashlab.oops"]/failure';
    expect(read(xml, `${failure}/@message`)).toBe('lost 12/59, unexpectedly');
    expect(read(xml, failure)).toMatch(/^The wire lost 12 records\.\n/);
    for (let sequence = 447; sequence < 459; sequence += 1) {
      expect(read(xml, failure)).toContain(`\n  ${sequence} record ${sequence} of the panic\n`);
    }
  });

  test('passes a known loss and says why it is known', () => {
    const known = '//testsuite[2]/testcase[@classname="crashlab.sysrq-c"]';
    expect(read(xml, `count(${known}/*)`)).toBe('1');
    expect(read(xml, `${known}/system-out`)).toBe('lost 59/59, as expected: nbcon');
  });

  test('tells an infrastructure outcome as an error with its code', () => {
    expect(read(xml, '//testcase[@classname="crashlab.nmi"]/error/@type')).toBe('GUEST_SILENT');
    expect(read(xml, '//error')).toContain('advice: Look at serial.log');
  });

  test('does not count what is undecidable as passed', () => {
    expect(read(xml, '//testcase[@classname="crashlab.field"]/skipped/@message')).toBe('undecidable');
  });

  test('tells repetitions apart by name', () => {
    const repeated = renderJunit(record(verdict('a'), verdict('a', { repetition: 2 })));
    expect(read(repeated, '//testcase[2]/@name')).toMatch(/ · extended #2$/);
  });

  test('has an error of its own when planned runs are absent', () => {
    const short = renderJunit([start(3), verdict('a'), end(2, true)]);
    expect(read(short, '/testsuites/@errors')).toBe('1');
    expect(read(short, '//error/@message')).toBe(
      'The record holds 1 of 3 planned runs: the user stopped it.',
    );
  });

  test('is valid for CI servers whatever a guest wrote', () => {
    fc.assert(
      fc.property(hostileRecord, (events) => {
        expect(xmllint(renderJunit(events), '--noout', '--schema', XSD)).toBe('');
      }),
      { numRuns: 60 },
    );
  });
});

describe('XML', () => {
  test('gives any text back as it is shown safely, in attributes and between tags', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const xml = renderXml({
          name: 'a',
          attributes: { x: text },
          content: [{ name: 'b', attributes: {}, content: `${text}\nend` }],
        });
        // The brackets keep spaces at the ends from being lost with the newline that xmllint adds.
        const shown = text.split('\n').map(safe).join('\n');
        expect(xmllint(xml, '--xpath', 'concat("[", /a/@x, "][", /a/b, "]")')).toBe(
          `[${safe(text)}][${shown}\nend]\n`,
        );
      }),
      { numRuns: 60 },
    );
  });
});
