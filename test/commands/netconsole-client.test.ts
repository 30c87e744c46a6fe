import { describe, expect, test } from 'vitest';
import { parseClient } from '../../harness/commands/netconsole-client.ts';
import { CLI, finished } from '../host/program.ts';
import { Listening, send } from './listening.ts';

const of = (server: string) => ['netconsole-client', '-server', server, '-client', '127.0.0.1', '-port', '0'];

describe('the command line of 2001', () => {
  test('is the announcement’s', () => {
    const words = ['-server', '10.0.7.5', '-client', '10.0.7.1', '-port', '6666'];
    expect(parseClient(words)).toEqual({ server: '10.0.7.5', client: '10.0.7.1', port: 6666 });
  });

  test('has addresses as one number too, as its users wrote them', () => {
    const words = ['-port', '6666', '-server', '0xc0a8010a', '-client', '0xc0a80102'];
    expect(parseClient(words)).toEqual({ server: '192.168.1.10', client: '192.168.1.2', port: 6666 });
  });

  test.each([
    ['-server 10.0.7.5', /no -client, and no -port/],
    ['-server 10.0.7.5 -client 10.0.7.1 -port', /-port has no value/],
    ['-server 10.0.7.5 -client 10.0.7.1 -port x', /-port x is no port/],
    ['-server host -client 10.0.7.1 -port 6666', /-server host is no IPv4 address/],
    ['--server 10.0.7.5', /"--server" is none of/],
  ])('%s is a mistake with a sentence', async (words, sentence) => {
    const { code, stderr } = await finished(
      [process.execPath, CLI, 'netconsole-client', ...words.split(' ')],
      {},
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
  });

  test('shows what that machine sends, and nothing of another', async () => {
    await using right = Listening.on(of('127.0.0.1'));
    await using wrong = Listening.on(of('127.0.0.2'));
    const lines = ['netconsole: network logging started up successfully!\n', 'SysRq : Loglevel set to 9\n'];
    await send(await wrong.port(), lines);
    await send(await right.port(), lines);
    await right.says(/started up successfully!\nSysRq : Loglevel set to 9\n/);
    expect(await wrong.end('SIGTERM')).toBe(0);
    expect(wrong.output).toMatch(/^\[\.\.\.network console startup on [^\n]*\n$/);
  });
});
