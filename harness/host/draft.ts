import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { isAbandoned, MARK, ownMark } from './owner.ts';

const DRAFT = new RegExp(`\\.draft-(${MARK})-[0-9a-f]{8}$`);
/** As no process's is: of a place that isn't this one. */
const NOBODYS = '0-0-none';

/** `TARGET.draft-PID-START-PLACE-RANDOM`: names the process that builds it. */
export async function draftName(target: string): Promise<string> {
  return `${target}.draft-${await ownMark()}-${randomBytes(4).toString('hex')}`;
}

/** Removes the drafts of builders that no longer run, e.g. after a SIGKILL or a power cut. */
export async function sweepDrafts(shelf: string): Promise<void> {
  for (const name of await readdir(shelf)) {
    if (!name.includes('.draft-')) continue;
    const file = path.join(shelf, name);
    const mark = DRAFT.exec(name)?.[1] ?? NOBODYS;
    if (await isAbandoned(file, mark)) await rm(file, { recursive: true, force: true });
  }
}
