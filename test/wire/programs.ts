import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Runs a program that these tests hold us against; rejects with a sentence when it is not installed. */
export async function runProgram(
  name: string,
  args: readonly string[],
): Promise<{ stdout: string; complaints: string[] }> {
  const { stdout, stderr } = await promisify(execFile)(name, args, { maxBuffer: 2 ** 26 }).catch(
    (error: unknown) => {
      throw isMissing(error) ? new Error(missing(name), { cause: error }) : error;
    },
  );
  const complaints = stderr
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('Running as user "root"'));
  return { stdout, complaints };
}

export function missing(name: string): string {
  return `This test holds crashlab against the real ${name}, which is not installed here.`;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
