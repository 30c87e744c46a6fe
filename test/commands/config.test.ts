import { describe, expect, test } from 'vitest';
import { CLI, finished } from '../host/program.ts';

const config = (...args: string[]) => finished([process.execPath, CLI, 'config', ...args], {});
const ANNOUNCED =
  'dev=eth1 target_ip=0x0a000701 source_port=6666 target_port=6666 target_eth_byte0=0x00 target_eth_byte1=0x90 target_eth_byte2=0x27 target_eth_byte3=0x8C target_eth_byte4=0xA0 target_eth_byte5=0xA8';

describe('crashlab config', () => {
  test('says how to set a machine up, and what to mind', async () => {
    const { code, stdout, stderr } = await config('--from', 'eth0', '--to', '10.0.0.2');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('\n  netconsole=+6665@/eth0,6666@10.0.0.2/\n');
    expect(stdout).toContain('\n  options netconsole netconsole=+6665@/eth0,6666@10.0.0.2/\n');
    expect(stdout).toMatch(/ssh root@MACHINE sh/);
    for (const bite of [/log level/, /panic=/, /bridge/, /sysrq/]) expect(stdout).toMatch(bite);
    expect(stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
  });

  test('gives the script alone, for a pipe', async () => {
    const { stdout } = await config('--from', 'eth0', '--to', 'fd00::2', '--userdata', 'rack=7', '--script');
    expect(stdout).toMatch(/^#!\/bin\/sh\n/);
    expect(stdout).toMatch(/\nfamily=-6\n/);
    expect(stdout).toContain('\n  item rack 7\n');
  });

  test('translates the announcement', async () => {
    const { code, stdout } = await config('--from-2001', ANNOUNCED);
    expect(code).toBe(0);
    expect(stdout).toContain('netconsole=6666@/eth1,6666@10.0.7.1/00:90:27:8c:a0:a8\n');
    const wrong = await config('--from-2001', ANNOUNCED.replace('0x8C', '0x8CC').replace('dev', 'device'));
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(
      /"device" is no parameter[^]*dev is missing[^]*target_eth_byte3=0x8CC is no byte/,
    );
  });

  test('explains a parameter, and ends with 1 where the kernel would not take it', async () => {
    const parameter = 'netconsole=@/eth0,@10.0.0.2/';
    expect(await config('--explain', parameter)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/by the device eth0\n[^]*! The MAC address is broadcast/),
    });
    expect(await config('--explain', `${parameter};@/eth0`)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/wrong: The device has no "," after it/),
    });
  });

  test('as JSON', async () => {
    const { stdout } = await config(
      '--from',
      'eth0',
      '--to',
      '10.0.0.2',
      '--mac',
      '52:54:00:00:00:01',
      '--json',
    );
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      parameter: '+6665@/eth0,6666@10.0.0.2/52:54:00:00:00:01',
      target: { device: 'eth0', targetMac: '52:54:00:00:00:01' },
    });
    const explained = await config('--explain', '+@/eth0,@10.0.0.2/', '--json');
    expect(JSON.parse(explained.stdout)).toMatchObject({ version: 1, targets: [{ ok: true }] });
  });

  test.each([
    [[], /one of the three/],
    [['--from', 'eth0'], /one of the three/],
    [['--explain', 'x', '--from-2001', 'y'], /one of the three/],
    [['--from', 'eth0', '--to', '10.0.0.2', '--mac', '1:2'], /--mac 1:2 is not six hex bytes/],
    [['--from', '', '--to', '10.0.0.2'], /device to send by is empty/],
    ...['a;b', 'a,b', 'a/b', '..', 'a'.repeat(16), 'a:b'].flatMap((device): [string[], RegExp][] => [
      [['--from', device, '--to', '10.0.0.2'], /The device "/],
      [['--from-2001', ANNOUNCED.replace('eth1', device)], /can’t be a device’s name/],
    ]),
    [
      [
        '--from-2001',
        ANNOUNCED,
        '--userdata',
        'a=b',
        '--mac',
        '52:54:00:00:00:01',
        '--port',
        '6666',
        '--basic',
      ],
      /--from-2001 does not go with .*--port/,
    ],
    [['--explain', '@/eth0,@10.0.0.2/', '--script'], /--explain does not go with --script/],
    [['--from', 'a b', '--to', '10.0.0.2'], /"a b" cannot be a device/],
    [['--from', 'eth0', '--to', '10.0.0.2', '--basic', '--release'], /needs the extended format/],
    [['--from', 'eth0', '--to', '10.0.0.2', '--userdata', 'x'], /x is not KEY=VALUE/],
    [['--from', 'eth0', '--to', 'no-such-host.invalid'], /no-such-host\.invalid is no address/],
    [
      ['--from', 'eth0', '--to', '10.0.0.2', '--port', '70000'],
      /whole number from 0 to 65535|from 1 to 65535/,
    ],
  ])('%j is a mistake with a sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await config(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toContain('    at ');
  });
});
