// Judges crash texts that nobody here wrote: npm run -s corpus -- FILE… [--out PREDICTIONS]
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readCrashes } from '../../dist/harness/oops/crash.js';
import { readLog } from '../../dist/harness/oops/log-line.js';

/** The corpus names kinds by what was seen in it, coarser than we do in one place and finer in another. */
const KINDS = {
  'null-dereference': 'null-deref',
  'general-protection': 'gpf',
  slab: 'slub',
  'memory-leak': 'kmemleak',
  info: 'info-other',
};
const BY_HEADLINE = [
  ['panic', /stack-protector|corrupted stack end|stack overflow/i, 'stack-overflow'],
  ['warning', /kernel\/(?:locking\/)?lockdep\.c/, 'lockdep'],
  ['other', /spinlock|rwlock|lockup suspected/, 'lockdep'],
  ['other', /^BUG/, 'bug-other'],
  ['oops', /^Unhandled/, 'arm-fault'],
];

function kindOf({ kind, headline }) {
  const found = BY_HEADLINE.find(([ours, words]) => ours === kind && words.test(headline));
  return found?.[2] ?? KINDS[kind] ?? kind;
}

function predict({ id, text }) {
  const { crashes, whole } = readCrashes(readLog(text));
  const [first] = crashes;
  if (first === undefined) return { id, crash: false };
  return {
    id,
    crash: true,
    kind: kindOf(first),
    headline: first.headline,
    frame: first.function,
    panicked: crashes.some(({ panic }) => panic !== null),
    count: crashes.length,
    complete: whole,
  };
}

function main() {
  const { values, positionals } = parseArgs({ options: { out: { type: 'string' } }, allowPositionals: true });
  if (positionals.length === 0) {
    console.error('corpus: name one file or more: npm run -s corpus -- ../shared/corpus/oops-open.jsonl');
    return 2;
  }
  if (values.out !== undefined && positionals.length > 1) {
    console.error('corpus: --out takes the predictions of one file.');
    return 2;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'crashlab-corpus-'));
  try {
    for (const file of positionals) {
      if (!existsSync(file)) {
        console.error(`corpus: there is no ${file}. The corpus is no part of this repository.`);
        return 2;
      }
      score(file, values.out ?? path.join(folder, 'predictions.jsonl'));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return 0;
}

function score(file, out) {
  const records = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const startedMs = performance.now();
  const predictions = records.map((record) => JSON.stringify(predict(record)));
  const seconds = (performance.now() - startedMs) / 1000;
  writeFileSync(out, `${predictions.join('\n')}\n`);
  console.log(`${file}: ${records.length} texts in ${seconds.toFixed(1)} s`);
  // The scorers stand beside the texts.
  const mutants = records.some(({ mutation }) => mutation !== undefined);
  const scorer = path.join(path.dirname(file), mutants ? 'score-mutants.py' : 'score.py');
  if (!existsSync(scorer)) console.log(`No scores: ${scorer} is not there.`);
  else process.stdout.write(execFileSync('python3', [scorer, file, out], { encoding: 'utf8' }));
}

process.exitCode = main();
