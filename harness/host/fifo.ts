import { execFile } from 'node:child_process';
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { hostError } from './failure.ts';

/** Makes named pipes: Node.js itself can't. Errors: HOST_FAILED, NO_PERMISSION, DISK_FULL. */
export async function makeFifos(files: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', ...files]);
  } catch (error) {
    throw hostError(error, 'making named pipes');
  }
}

/** This process's end of a named pipe. It has no end of its own accord: whoever has it open closes it. */
export function openFifo(file: string, direction: 'read' | 'write'): Socket {
  // For both directions: neither waits for who is at the other end, nor ends with them.
  const fd = openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
  return new Socket({ fd, readable: direction === 'read', writable: direction === 'write' });
}
