import { CrashlabError } from '../host/error.ts';

export function stubGone(): CrashlabError {
  return new CrashlabError('host', 'QEMU_GONE', 'QEMU ended, and its gdb stub with it.', {
    advice: 'Something killed it: look for the kernel’s OOM killer in this host’s dmesg, or for a ulimit.',
  });
}

export function silent(command: string): CrashlabError {
  return new CrashlabError(
    'host',
    'GDB_SILENT',
    `QEMU’s gdb stub never answered "${command.slice(0, 40)}".`,
    {
      advice: 'QEMU hangs or was stopped: look at its process.',
    },
  );
}

export function garbled(what: string): CrashlabError {
  return new CrashlabError('host', 'GDB_GARBLED', `QEMU’s gdb stub makes no sense: ${what}.`);
}

export function wrongTime(command: string, when: string): CrashlabError {
  return new CrashlabError(
    'lab',
    'GDB_WRONG_TIME',
    `"${command.slice(0, 40)}" was given to gdb’s stub ${when}.`,
  );
}

export function refused(command: string, reply: string): CrashlabError {
  return new CrashlabError(
    'lab',
    'GDB_REFUSED',
    `QEMU’s gdb stub refused "${command.slice(0, 40)}" (${reply || 'unsupported'}).`,
  );
}
