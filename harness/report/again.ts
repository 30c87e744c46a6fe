import { shellWord } from '../host/shell.ts';
import type { Run, StartEvent } from '../lab/record.ts';

/** The command that makes a run once more, for a shell. */
export function again({ scenario, cell }: Run, start: StartEvent | undefined): string {
  const { kernel, arch, nic, vcpus, panic, format } = cell;
  const { wire, fresh, append, ownKernel } = start?.guests ?? { wire: 'stream', fresh: false, append: '' };
  const words = [
    ...['crashlab', 'run', scenario],
    // One of the user's own has no name that anybody could find it by.
    ...(ownKernel ? ['--kernel', ownKernel.image, '--modules', ownKernel.modules] : ['--kernel', kernel]),
    ...['--arch', arch, '--nic', nic],
    ...['--vcpus', String(vcpus), '--panic', String(panic), '--format', format],
    ...(wire === 'stream' ? [] : ['--wire', wire]),
    ...(fresh ? ['--fresh'] : []),
    ...(append === '' ? [] : ['--append', append]),
  ];
  return words.map(shellWord).join(' ');
}
