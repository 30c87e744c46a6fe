import type { Command } from 'commander';
import { type Finish } from './values.ts';

/** `kernel`, `doctor` and `help`. */
export function addHostCommands(crashlab: Command, finish: Finish): void {
  const kernel = crashlab.command('kernel').description('the kernels in the cache');
  kernel
    .command('add')
    .description('fetch a Debian kernel with apt, as any user')
    .argument('<kernel>', 'debian, debian:6.12, debian:6.12-rt, debian:6.12-amd64, or a package name')
    .option('--arch <arch>', 'x86-64 or arm64 (default: x86-64)')
    .option('--suite <suite>', 'Debian suite, e.g. sid (default: the host’s release)')
    .action(async (specification: string, options) => {
      const [{ kernelAddCommand }, { openScreen }] = await Promise.all([
        import('../commands/kernel.ts'),
        import('../commands/screen.ts'),
      ]);
      finish(await kernelAddCommand(specification, options, openScreen({ document: false })));
    });
  kernel
    .command('list')
    .description('release, architecture and source of each')
    .action(async () => {
      const [{ kernelListCommand }, { openScreen }] = await Promise.all([
        import('../commands/kernel.ts'),
        import('../commands/screen.ts'),
      ]);
      finish(await kernelListCommand(openScreen({ document: false })));
    });

  crashlab
    .command('help')
    .description(
      'on a command, on verdicts, scenarios, matrix, fleets, field, tests or errors, or what an error code means',
    )
    .argument('[topic...]')
    .action(async (topics: string[]) => {
      const command = topics.reduce<Command | undefined>(
        (found, name) => found?.commands.find((one) => one.name() === name),
        crashlab,
      );
      if (command) {
        command.outputHelp();
        return;
      }
      const [{ helpCommand }, { openScreen }] = await Promise.all([
        import('../commands/help.ts'),
        import('../commands/screen.ts'),
      ]);
      finish(await helpCommand(topics.join(' '), openScreen({ document: true })));
    });

  crashlab
    .command('doctor')
    .description('what this host has, what is missing, and the command that mends it')
    .action(async () => {
      const [{ doctorCommand }, { interruptible }, { openScreen }] = await Promise.all([
        import('../commands/doctor.ts'),
        import('../commands/interrupt.ts'),
        import('../commands/screen.ts'),
      ]);
      const screen = openScreen({ document: false });
      finish(await interruptible(screen, (signal) => doctorCommand(screen, signal)));
    });
}
