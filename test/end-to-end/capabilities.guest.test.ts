import { expect, test } from 'vitest';
import { KERNELS, runJson } from './crashlab.ts';

const NAMES = [
  'boot-initcall',
  'boot-no-root',
  'crash-dump-stack',
  'end-of-log-orderly-reboot',
  'sysrq-serial-break',
  'target-address-several',
];

test('a scenario that a capability of its own carries ends as expected', async () => {
  const { runs, exit } = await runJson([...NAMES, ...KERNELS['6.1'], '--panic', '0']);
  expect(new Map(runs.map((run) => [run.scenario, [run.outcome, run.expected]]))).toEqual(
    new Map(NAMES.map((name) => [name, ['verdict', true]])),
  );
  expect(exit).toBe(0);
});

test('a guest of four vCPUs is cloned, dies and is proved like any other', async () => {
  const names = ['oops-hardirq', 'sysrq-crash', 'sysrq-loglevel'];
  const { runs, exit } = await runJson([...names, ...KERNELS['6.1'], '--panic', '0', '--vcpus', '4']);
  const shown = runs.map((run) => [
    run.scenario,
    [run.cell.vcpus, run.outcome === 'verdict' && run.wire.status],
  ]);
  expect(Object.fromEntries(shown)).toEqual(Object.fromEntries(names.map((name) => [name, [4, 'complete']])));
  expect(exit).toBe(0);
});

test('a boot parameter that the kernel’s netconsole refuses is a reason to skip, not a guest that never comes up', async () => {
  const name = 'target-parameter-boot-release-ipv4';
  const { runs } = await runJson([name, ...KERNELS['6.1'], '--panic', '0']);
  expect(runs).toMatchObject([{ outcome: 'skipped', reason: { code: 'GUEST_LACKS' } }]);
});
