#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { MOST } from './commands/limits.ts';
import { CrashlabError, exitCodeOf } from './host/error.ts';

const whole =
  (least: number, most = Infinity) =>
  (text: string) => {
    const value = Number(text);
    const range = most === Infinity ? `${least} on` : `${least} to ${most}`;
    if (!/^-?\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`It takes a whole number from ${range}.`);
    return value;
  };
const oneOf =
  <T extends string>(...choices: T[]) =>
  (text: string) => {
    const chosen = choices.find((choice) => choice === text);
    if (!chosen) throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
    return chosen;
  };
const each =
  <T>(parse: (text: string) => T) =>
  (text: string, before: T[] | undefined) => [...(before ?? []), parse(text)];

/** What a run varies where nothing is said. */
const DEFAULTS = {
  panic: [0, 5],
  kernel: [],
  arch: [],
  nic: ['virtio-net'],
  vcpus: [1],
  format: ['extended'],
  repeat: 1,
};

/** A matrix file by the names of the options. */
async function matrixOptions(file: string | undefined) {
  const { readMatrix } = await import('./commands/matrix-file.ts');
  const { kernels, archs, nics, panics, formats, ...same } = file === undefined ? {} : await readMatrix(file);
  const renamed = { kernel: kernels, arch: archs, nic: nics, panic: panics, format: formats };
  const said = Object.entries(renamed).filter(([, values]) => values !== undefined);
  return { ...same, ...Object.fromEntries(said) };
}

/** Commands are imported when they are called: `--help` must not wait for what it doesn't use. */
function program(finish: (code: number) => void): Command {
  const crashlab = new Command('crashlab')
    .description('A crash lab for Linux netconsole: did the kernel’s last words arrive, all of them?')
    .version('0.1.0')
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 80, 100) })
    .addHelpText(
      'after',
      `
Exit codes: 0 as expected · 1 a verdict differs · 2 usage · 3 this host ·
4 the guest did not come up · 70 a bug of ours · 130 interrupted

Examples:
  crashlab run                           the default suite on Debian's kernel
  crashlab run sysrq-crash --repeat 20   one scenario, as a distribution
  crashlab run --kernel debian:7@sid --panic 5
  crashlab report crashlab-runs/latest/run.jsonl --junit junit.xml`,
    );

  crashlab
    .command('run')
    .description('kill guests and prove what arrived')
    .argument(
      '[scenario...]',
      'names of scenarios or of families (oom-reserve), * for any part; those of --suite by default',
    )
    .option(
      '--panic <seconds>',
      'value of panic=, repeatable (default: 0 and 5)',
      each(whole(-1, MOST.panic)),
    )
    .option(
      '--kernel <kernel>',
      'debian, debian:6.12-rt, debian:7@sid, a package, a release in the cache, or a bzImage with --modules; repeatable',
      each(String),
    )
    .option(
      '--arch <arch>',
      'of Debian’s kernels, x86-64 or arm64; repeatable (default: x86-64)',
      each(String),
    )
    .option('--modules <dir>', 'modules of your own kernel')
    .option('--suite <suite>', 'scenarios of quick, standard or full, when none is named (default: quick)')
    .option(
      '--nic <nic>',
      'virtio-net, e1000, e1000e, rtl8139 or vmxnet3; repeatable (default: virtio-net)',
      each(String),
    )
    .option('--vcpus <n>', 'virtual CPUs, repeatable (default: 1)', each(whole(1)))
    .option(
      '--format <format>',
      'netconsole’s format, extended or basic; repeatable (default: extended)',
      each(oneOf('extended', 'basic')),
    )
    .addOption(
      new Option('--wire <kind>', 'how frames leave the guest').choices(['stream', 'udp']).default('stream'),
    )
    .option('--matrix <file>', 'all of these from a file: JSON, or a module with a default export')
    .option('--repeat <n>', 'repeat each run and report the distribution (default: 1)', whole(1, MOST.repeat))
    .option('--jobs <n>', 'guests at once (default: what CPUs and memory carry)', whole(1))
    .option('--out <dir>', 'folder for the record and the evidence (default: crashlab-runs/TIME)')
    .addOption(
      new Option(
        '--resume <dir>',
        'go on with a run that was stopped: its folder in place of --out, and the same options',
      ).conflicts('out'),
    )
    .option('--fresh', 'boot each run anew instead of cloning a template', false)
    .option('--append <parameters>', 'further kernel parameters, e.g. log_buf_len=4M', '')
    .addOption(
      new Option('--accel <accelerator>', 'how guests run').choices(['auto', 'tcg', 'kvm']).default('auto'),
    )
    .option('--timeout <seconds>', 'for one run', whole(1, MOST.seconds), 120)
    .option('--boot-timeout <seconds>', 'for a guest to come up', whole(1, MOST.seconds), 120)
    .option('--dry-run', 'print the QEMU commands, each argument with its reason, and run nothing', false)
    .option('--json', 'one JSON document on standard output, nothing else there', false)
    .option('--junit <file>', 'write JUnit XML; - is standard output')
    .option('--ktap <file>', 'write KTAP; - is standard output')
    .option('--markdown <file>', 'write a field guide in Markdown; - is standard output')
    .action(async (names: string[], options) => {
      const [{ runCommand }, { openScreen }] = await Promise.all([
        import('./commands/run.ts'),
        import('./commands/screen.ts'),
      ]);
      const { interruptible } = await import('./commands/interrupt.ts');
      const document = options.json || [options.junit, options.ktap, options.markdown].includes('-');
      const screen = openScreen({ document });
      const matrix = await matrixOptions(options.matrix);
      const wanted = { ...DEFAULTS, ...matrix, ...options };
      const listed = options.suite === undefined ? (matrix.scenarios ?? []) : [];
      const chosen = names.length > 0 ? names : listed;
      finish(await interruptible(screen, (signal) => runCommand(chosen, wanted, screen, signal)));
    });

  crashlab
    .command('report')
    .description('show a run record again, in any form')
    .argument('<record>', 'the run.jsonl of a run')
    .option('--json', 'the JSON document instead of the table', false)
    .option('--junit <file>', 'write JUnit XML; - is standard output')
    .option('--ktap <file>', 'write KTAP; - is standard output')
    .option('--markdown <file>', 'write a field guide in Markdown; - is standard output')
    .action(async (record: string, options) => {
      const [{ reportCommand }, { openScreen }] = await Promise.all([
        import('./commands/report.ts'),
        import('./commands/screen.ts'),
      ]);
      finish(await reportCommand(record, options, openScreen({ document: true })));
    });

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
        import('./commands/judge.ts'),
        import('./commands/screen.ts'),
      ]);
      finish(await judgeCommand(files, options, openScreen({ document: true })));
    });

  crashlab
    .command('config')
    .description('how to set netconsole up on a real machine, and what a parameter means')
    .option('--from <device>', 'the network device to send by, or its MAC address')
    .option('--to <host>', 'the machine that listens')
    .option('--port <n>', 'where that listens', whole(1, MOST.port), 6666)
    .option('--source-port <n>', 'UDP port to send from', whole(0, MOST.port), 6665)
    .option('--source-address <address>', 'to send from (default: the device’s own)')
    .option('--mac <mac>', 'of the listener, or of the router to it (default: found by the script)')
    .option('--basic', 'plain text without sequence numbers, as old kernels have it', false)
    .option('--release', 'the kernel’s release before each record', false)
    .option('--userdata <key=value>', 'sent with each record, repeatable; set by the script', each(String))
    .option('--name <name>', 'of the target in configfs', 'crashlab')
    .option('--script', 'only the script for the machine that sends', false)
    .option('--from-2001 <parameters>', 'instead: the insmod line of netconsole’s announcement, translated')
    .option('--explain <parameter>', 'instead: what a netconsole= parameter means, and what is wrong with it')
    .option('--json', 'one JSON document', false)
    .action(async (options) => {
      const [{ configCommand }, { openScreen }] = await Promise.all([
        import('./commands/config.ts'),
        import('./commands/screen.ts'),
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
        import('./commands/listen.ts'),
        import('./commands/screen.ts'),
        import('./commands/interrupt.ts'),
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
        import('./commands/netconsole-client.ts'),
        import('./commands/screen.ts'),
        import('./commands/interrupt.ts'),
      ]);
      const screen = openScreen({ document: true });
      finish(await interruptible(screen, (signal) => clientCommand(words, screen, signal)));
    });

  crashlab
    .command('list')
    .description('the scenarios, what each needs, and the cells there are for them')
    .argument('[scenario...]', 'names of scenarios or of families, * for any part; all by default')
    .option('--suite <suite>', 'only those of quick, standard or full')
    .option('--json', 'one JSON document', false)
    .action(async (names: string[], options) => {
      const [{ listCommand }, { openScreen }] = await Promise.all([
        import('./commands/list.ts'),
        import('./commands/screen.ts'),
      ]);
      finish(await listCommand(names, options, openScreen({ document: true })));
    });

  const kernel = crashlab.command('kernel').description('the kernels in the cache');
  kernel
    .command('add')
    .description('fetch a Debian kernel with apt, as any user')
    .argument('<kernel>', 'debian, debian:6.12, debian:6.12-rt, debian:6.12-amd64, or a package name')
    .option('--arch <arch>', 'x86-64 or arm64 (default: x86-64)')
    .option('--suite <suite>', 'Debian suite, e.g. sid (default: the host’s release)')
    .action(async (specification: string, options) => {
      const [{ kernelAddCommand }, { openScreen }] = await Promise.all([
        import('./commands/kernel.ts'),
        import('./commands/screen.ts'),
      ]);
      finish(await kernelAddCommand(specification, options, openScreen({ document: false })));
    });
  kernel
    .command('list')
    .description('release, architecture and source of each')
    .action(async () => {
      const [{ kernelListCommand }, { openScreen }] = await Promise.all([
        import('./commands/kernel.ts'),
        import('./commands/screen.ts'),
      ]);
      finish(await kernelListCommand(openScreen({ document: false })));
    });

  crashlab
    .command('doctor')
    .description('what this host has, what is missing, and the command that mends it')
    .action(async () => {
      const [{ doctorCommand }, { interruptible }, { openScreen }] = await Promise.all([
        import('./commands/doctor.ts'),
        import('./commands/interrupt.ts'),
        import('./commands/screen.ts'),
      ]);
      const screen = openScreen({ document: false });
      finish(await interruptible(screen, (signal) => doctorCommand(screen, signal)));
    });

  return crashlab;
}

/** Who reads us may have had enough (`| head`): what is said then goes nowhere. */
function mayBeLeft(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

async function main(): Promise<number> {
  let exit = 0;
  const { stdout, stderr } = process;
  mayBeLeft(stdout);
  mayBeLeft(stderr);
  try {
    await program((code) => (exit = code)).parseAsync();
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodeOf('usage');
    if (error instanceof CrashlabError) {
      const { safe } = await import('./printk/safe.ts');
      const text = [error.message, ...(error.advice ? [error.advice] : [])].join('\n');
      stderr.write(`crashlab: ${text.split('\n').map(safe).join('\n')} [${error.code}]\n`);
      return exitCodeOf(error.blame);
    }
    stderr.write(
      `crashlab: a bug of ours, please report it:\n${error instanceof Error ? error.stack : String(error)}\n`,
    );
    return exitCodeOf('lab');
  }
}

process.exitCode = await main();
