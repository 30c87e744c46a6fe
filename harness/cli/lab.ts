import { Argument, type Command, Option } from 'commander';
import { MOST } from '../commands/limits.ts';
import { each, matching, oneOf, whole, type Finish } from './values.ts';

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
  const { readMatrix } = await import('../commands/matrix-file.ts');
  const { kernels, archs, nics, panics, formats, ...same } = file === undefined ? {} : await readMatrix(file);
  const renamed = { kernel: kernels, arch: archs, nic: nics, panic: panics, format: formats };
  const said = Object.entries(renamed).filter(([, values]) => values !== undefined);
  return { ...same, ...Object.fromEntries(said) };
}

/** KCIDB's own pattern of a name. */
const kcidbOrigin = () =>
  new Option('--kcidb-origin <name>', 'name of the CI system that submits it')
    .argParser(matching(/^[a-z0-9_]+$/, 'a name of small letters, digits and _'))
    .default('crashlab');

/** `run`, `report`, `compare`, `schema` and `list`. */
export function addLabCommands(crashlab: Command, finish: Finish): void {
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
    .option(
      '--matrix <file>',
      'the matrix, scenarios, suite and repetitions from a file: JSON, or a module with a default export',
    )
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
    .option('--html <file>', 'write the page there (default: report.html in the run’s folder)')
    .option('--kcidb <file>', 'write a submission to KCIDB; - is standard output')
    .addOption(kcidbOrigin())
    .addOption(new Option('--quiet', 'nothing while it runs, only what came of it').conflicts('verbose'))
    .option('--verbose', 'each run as it ends, and what is known of those that are not complete')
    .action(async (names: string[], options) => {
      const [{ runCommand }, { openScreen }] = await Promise.all([
        import('../commands/run.ts'),
        import('../commands/screen.ts'),
      ]);
      const { interruptible } = await import('../commands/interrupt.ts');
      const { junit, ktap, markdown, kcidb, quiet, verbose } = options;
      const document = options.json || [junit, ktap, markdown, kcidb].includes('-');
      const talk = quiet ? 'little' : verbose ? 'much' : 'usual';
      const screen = openScreen({ document, talk });
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
    .option('--html <file>', 'write one page: matrix, losses, and each run record by record')
    .option('--kcidb <file>', 'write a submission to KCIDB; - is standard output')
    .addOption(kcidbOrigin())
    .action(async (record: string, options) => {
      const [{ reportCommand }, { openScreen }] = await Promise.all([
        import('../commands/report.ts'),
        import('../commands/screen.ts'),
      ]);
      finish(await reportCommand(record, options, openScreen({ document: true })));
    });

  crashlab
    .command('compare')
    .description(
      'what got worse, better, appeared or vanished between two run records; exit 1 on a regression',
    )
    .argument('<base>', 'the run.jsonl of the run before')
    .argument('<new>', 'the run.jsonl of the run now')
    .option('--json', 'one JSON document', false)
    .option('--html <file>', 'write it as a page as well')
    .action(async (base: string, next: string, options) => {
      const [{ compareCommand }, { openScreen }] = await Promise.all([
        import('../commands/compare.ts'),
        import('../commands/screen.ts'),
      ]);
      finish(await compareCommand({ base, next }, options, openScreen({ document: true })));
    });

  crashlab
    .command('schema')
    .description('the JSON schema of each line of a file that a run leaves: record (run.jsonl) or timeline')
    .addArgument(new Argument('[file]').choices(['record', 'timeline']).default('record'))
    .action(async (name: 'record' | 'timeline') => {
      const { schemaCommand } = await import('../commands/schema.ts');
      finish(schemaCommand(name, (text) => void process.stdout.write(text)));
    });

  crashlab
    .command('list')
    .description('the scenarios, what each needs, and the cells there are for them')
    .argument('[scenario...]', 'names of scenarios or of families, * for any part; all by default')
    .option('--suite <suite>', 'only those of quick, standard or full')
    .option('--json', 'one JSON document', false)
    .action(async (names: string[], options) => {
      const [{ listCommand }, { openScreen }] = await Promise.all([
        import('../commands/list.ts'),
        import('../commands/screen.ts'),
      ]);
      finish(await listCommand(names, options, openScreen({ document: true })));
    });
}
