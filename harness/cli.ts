#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { addFieldCommands } from './cli/field.ts';
import { addHostCommands } from './cli/host.ts';
import { addLabCommands } from './cli/lab.ts';
import { CrashlabError, exitCodeOf } from './host/error.ts';

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

  addLabCommands(crashlab, finish);
  addFieldCommands(crashlab, finish);
  addHostCommands(crashlab, finish);
  return crashlab;
}

/** Who reads us may have had enough (`| head`), a terminal may be closed (EIO): what is said then goes nowhere. */
function mayBeLeft(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
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
