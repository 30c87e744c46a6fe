import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { Agent } from '../../harness/guest/agent.ts';
import { channelPair } from '../machine/peer.ts';
import { forEver } from './for-ever.ts';

/** An agent whose guest hands every command to `serve`, with its name. */
function connect(
  serve: (id: string, command: string, peer: Duplex) => void,
  options: { longestAnswer?: number } = {},
): { agent: Agent; peer: Duplex } {
  const [ours, peer] = channelPair();
  peer.on('data', (bytes: Buffer) => {
    for (const [, id = '', command = ''] of bytes.toString().matchAll(/(\S+) (.*)\n/g))
      serve(id, command, peer);
  });
  return { agent: new Agent(ours, options), peer };
}

const answer = (id: string, output: string, status = 0) => `${id} begin\n${output}\n${id} end ${status}\n`;

test('no two commands have the same name, and none is a number to be guessed', async () => {
  const seen = new Set<string>();
  const { agent } = connect((id, _, peer) => {
    seen.add(id);
    peer.write(answer(id, ''));
  });
  for (let at = 0; at < 50; at++) await agent.run('true', forEver);
  expect(seen.size).toBe(50);
  for (const id of seen) expect(id).toMatch(/^[0-9a-f]{16}$/);
});

test('an answer arrives whole, however the stream is cut', async () => {
  const output = 'a\n5 end 0\n\nbegin\n';
  const { agent } = connect((id, _, peer) => {
    for (const byte of Buffer.from(answer(id, output, 3))) peer.write(Buffer.from([byte]));
  });
  expect(await agent.run('x', forEver)).toEqual({ output, status: 3 });
});

test('what came before an answer is not part of it', async () => {
  const { agent, peer } = connect((id, _, guest) => guest.write(answer(id, 'mine')));
  peer.write('0 begin\n0 end 0\nleft over from a background job\n');
  await agent.ready(forEver);
  expect(await agent.must('x', forEver)).toBe('mine');
});

test('a command given up does not keep the next one from its answer', async () => {
  const names: string[] = [];
  const { agent, peer } = connect((id) => names.push(id));
  const controller = new AbortController();
  const first = agent.run('sleep 99', controller.signal);
  const second = agent.run('echo 2', forEver);
  const third = agent.run('echo 3', forEver);
  await new Promise((resolve) => setImmediate(resolve));
  const [one = '', two = '', three = ''] = names;
  peer.write(answer(two, '2') + answer(three, '3'));
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort(new Error('too long'));
  await expect(first).rejects.toThrow('too long');
  expect(await second).toEqual({ output: '2', status: 0 });
  expect(await third).toEqual({ output: '3', status: 0 });
  expect(one).not.toBe('');
});

test('output without end is given up, and the next command works', async () => {
  const { agent } = connect(
    (id, command, peer) => {
      if (command === 'yes') peer.write(`${id} begin\n${'y\n'.repeat(2000)}`);
      else peer.write(answer(id, 'well'));
    },
    { longestAnswer: 1000 },
  );
  await expect(agent.run('yes', forEver)).rejects.toMatchObject({ code: 'AGENT_FLOODED', blame: 'guest' });
  expect(await agent.must('echo well', forEver)).toBe('well');
});

test('a failure shows the command and the end of what it printed', async () => {
  const { agent } = connect((id, _, peer) => peer.write(answer(id, 'cannot open', 2)));
  await expect(agent.must('cat /x', forEver)).rejects.toMatchObject({
    code: 'GUEST_REFUSED',
    message: 'In the guest, "cat /x" ended with 2: cannot open',
  });
});
