/** A test of a KTAP document and, where it is a group, the tests in it. */
export interface KtapTest {
  ok: boolean;
  name: string;
  /** What follows the `#` of the result line. */
  directive: string | undefined;
  /** Diagnostic lines right before the result. */
  diagnostics: string[];
  tests: KtapTest[];
}

/**
 * Reads KTAP version 1 (Documentation/dev-tools/ktap.rst) more strictly than the kernel's own tools: a line of an
 * unknown kind, a wrong plan, a number out of turn or a parent that hides a failure is an error.
 */
export function parseKtap(text: string): KtapTest[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('the last line has no end');
  const tests = parseGroup(lines, '');
  if (lines.length > 0) throw new Error(`left over: ${lines[0]}`);
  return tests;
}

/** Takes one version line, its plan and its results off the front of the lines. */
function parseGroup(lines: string[], indent: string): KtapTest[] {
  if (lines.shift() !== `${indent}KTAP version 1`) throw new Error('no version line');
  const plan = /^( *)1\.\.(\d+)$/.exec(lines.shift() ?? '');
  if (plan?.[1] !== indent) throw new Error('no plan line');
  return Array.from({ length: Number(plan[2]) }, (_, index) => parseTest(lines, indent, index + 1));
}

function parseTest(lines: string[], indent: string, number: number): KtapTest {
  const tests = lines[0] === `${indent}  KTAP version 1` ? parseGroup(lines, `${indent}  `) : [];
  const isDiagnostic = (text: string) => text.startsWith(`${indent}# `);
  const end = lines.findIndex((text) => !isDiagnostic(text));
  const diagnostics = lines.splice(0, Math.max(0, end)).map((text) => text.slice(indent.length + 2));
  const line = lines.shift() ?? '';
  const result = /^( *)(ok|not ok) (\d+) ([^#]*?)(?: # (.*))?$/.exec(line);
  if (result?.[1] !== indent || Number(result[3]) !== number)
    throw new Error(`not result ${number}: ${line}`);
  const ok = result[2] === 'ok';
  if (tests.length > 0 && ok !== tests.every((each) => each.ok)) throw new Error(`parent differs: ${line}`);
  return { ok, name: result[4] ?? '', directive: result[5], diagnostics, tests };
}
