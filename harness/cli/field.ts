import type { Command } from 'commander';
import { MOST } from '../commands/limits.ts';
import { each, whole, type Finish } from './values.ts';

/** `judge`, `config`, `listen` and `netconsole-client`: they need no QEMU. */
export function addFieldCommands(crashlab: Command, finish: Finish): void {
  crashlab
    .command('judge')
    .description('which crashes a log of a real machine tells of, and whether each is whole')
    .argument(
      '<file...>',
      'kernel logs: text, netconsole’s records, captures, dmesg --json, journald, vmcores; also packed with gzip, xz or zstd; - is standard input',
    )
    .option('--json', 'one JSON document', false)
    .option(
      '--vmlinux <file>',
      'find each call in the source: a vmlinux with debug information, the folder or the Debian package it lies in',
    )
    .action(async (files: string[], options) => {
      const [{ judgeCommand }, { openScreen }] = await Promise.all([
        import('../commands/judge.ts'),
        import('../commands/screen.ts'),
      ]);
      finish(await judgeCommand(files, options, openScreen({ document: true })));
    });

  crashlab
    .command('config')
    .description('how to set netconsole up on a real machine, and what a parameter means')
    .option('--from <device>', 'the network device to send by, or its MAC address')
    .option('--to <host>', 'the machine that listens')
    .option('--port <n>', 'where that listens (default: 6666)', whole(1, MOST.port))
    .option('--source-port <n>', 'UDP port to send from (default: 6665)', whole(0, MOST.port))
    .option('--source-address <address>', 'to send from (default: the device’s own)')
    .option('--mac <mac>', 'of the listener, or of the router to it (default: found by the script)')
    .option('--basic', 'plain text without sequence numbers, as old kernels have it', false)
    .option('--release', 'the kernel’s release before each record', false)
    .option('--userdata <key=value>', 'sent with each record, repeatable; set by the script', each(String))
    .option('--name <name>', 'of the target in configfs (default: crashlab)')
    .option('--script', 'only the script for the machine that sends', false)
    .option('--from-2001 <parameters>', 'instead: the insmod line of netconsole’s announcement, translated')
    .option('--explain <parameter>', 'instead: what a netconsole= parameter means, and what is wrong with it')
    .option('--json', 'one JSON document', false)
    .action(async (options) => {
      const [{ configCommand }, { openScreen }] = await Promise.all([
        import('../commands/config.ts'),
        import('../commands/screen.ts'),
      ]);
      finish(await configCommand(options, openScreen({ document: true })));
    });

  crashlab
    .command('listen')
    .description('write down what machines send with netconsole, and say when one crashes')
    .option(
      '--address <address>',
      'to listen on, repeatable (default: 127.0.0.1); 0.0.0.0 and :: are all',
      each(String),
    )
    .option('--port <n>', 'repeatable (default: 6666)', each(whole(0, MOST.port)))
    .option('--dir <dir>', 'write a log, the raw datagrams and crash reports of each sender there')
    .option('--resolve', 'look up the names of senders', false)
    .option(
      '--on-crash <command>',
      'run it with the report’s file as its last argument; no shell has a part in it',
    )
    .option('--rotate-size <MiB>', 'begin a log anew at this size', whole(1, 1_000_000), 64)
    .option('--rotate-age <hours>', 'begin a log anew at this age', whole(1, 1_000_000), 24)
    .option('--keep <n>', 'old logs that stay', whole(0, 1000), 8)
    .option('--quiet', 'say only who sends, what crashed and what this host lost', false)
    .option('--json', 'a JSON object a line, for each datagram and crash', false)
    .action(async (options) => {
      const [{ listenCommand }, { openScreen }, { interruptible }] = await Promise.all([
        import('../commands/listen.ts'),
        import('../commands/screen.ts'),
        import('../commands/interrupt.ts'),
      ]);
      const screen = openScreen({ document: options.json });
      const wanted = { address: ['127.0.0.1'], port: [6666], ...options };
      finish(await interruptible(screen, (signal) => listenCommand(wanted, screen, signal)));
    });

  crashlab
    .command('netconsole-client')
    .description('show what one machine sends, with the command line of 2001')
    .usage('-server IP -client IP -port N')
    .argument('[words...]')
    .allowUnknownOption()
    .action(async (words: string[]) => {
      const [{ clientCommand }, { openScreen }, { interruptible }] = await Promise.all([
        import('../commands/netconsole-client.ts'),
        import('../commands/screen.ts'),
        import('../commands/interrupt.ts'),
      ]);
      const screen = openScreen({ document: true });
      finish(await interruptible(screen, (signal) => clientCommand(words, screen, signal)));
    });
}
