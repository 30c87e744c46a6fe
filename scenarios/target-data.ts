import { family, type Scenario, scenario } from '../harness/lab/scenario.ts';
import { IPV6 } from './formats.ts';
import {
  arrivedOf,
  needAttribute,
  needIpv6,
  record,
  say,
  SPECIAL,
  TARGET,
  valueOf,
} from './special-records.ts';

const SYSDATA = ['cpu_nr', 'taskname', 'release', 'msgid'];

const why = 'Who said it, and on which machine: without that, a thousand machines’ last words are one heap.';

const ON = [...Object.values(SPECIAL), record('crashlab: the last one with it')];
const OFF = record('crashlab: it is switched off again');

function sysdata(name: string): Scenario {
  const attribute = `userdata/${name}_enabled`;
  const key = name.replace('_nr', '');
  return scenario({
    title: `the target adds ${key}= to each record, until it is switched off; the guest lives on`,
    why,
    needs: [],
    format: 'extended',
    async prepare({ guest }) {
      await needAttribute(guest, attribute);
      await guest.run(`echo 1 > ${TARGET}/${attribute}`);
    },
    async run({ guest }) {
      await say(guest, ON);
      await guest.untilSent(ON.at(-1)?.text ?? '');
      await guest.run(`echo 0 > ${TARGET}/${attribute}`);
      await say(guest, [OFF]);
    },
    check(seen) {
      const problems = ON.flatMap((special) => {
        const found = valueOf(key, arrivedOf(special, seen));
        if (found === null) return [`${key}= is not at “${special.text.slice(0, 40)}”.`];
        const expected = { cpu: /^0$/, taskname: /^\S+$/, msgid: /^\d+$/, release: /^\d+\.\d+/ }[key];
        return expected?.test(found) ? [] : [`${key}=${found} makes no sense.`];
      });
      const off = arrivedOf(OFF, seen);
      if (!off) problems.push('The record after it was switched off never came.');
      if (valueOf(key, off) !== null) problems.push(`${key}= came after it was switched off.`);
      return problems;
    },
    expect: { kind: 'none', ends: 'alive' },
  });
}

function userdata(
  entries: Record<string, string>,
  what: string,
  settings?: Record<string, string>,
): Scenario {
  return scenario({
    title: `userdata, ${what}; the guest lives on`,
    why,
    needs: [],
    format: 'extended',
    async prepare({ guest }) {
      await needAttribute(guest, 'userdata');
      if (settings) {
        await needIpv6(guest);
        await guest.netconsole(settings);
      }
      for (const [key, value] of Object.entries(entries)) {
        await guest.run(
          `mkdir ${TARGET}/userdata/${key} && echo '${value}' > ${TARGET}/userdata/${key}/value`,
        );
      }
    },
    run: ({ guest }) => say(guest, Object.values(SPECIAL)),
    check: (seen) =>
      Object.values(SPECIAL).flatMap((special) => {
        const came = arrivedOf(special, seen)?.dictionary ?? [];
        return Object.entries(entries)
          .filter(([key, value]) => !came.some(([name, text]) => name === key && text === value))
          .map(([key]) => `${key}= is not whole at “${special.text.slice(0, 40)}”.`);
      }),
    expect: { kind: 'none', ends: 'alive' },
  });
}

const two = { machine: 'rack 7, unit 3', owner: 'crashlab' };
const many = Object.fromEntries(
  Array.from({ length: 16 }, (_, at) => [`key${at}`, `value ${at} ${'x'.repeat(180)}`]),
);

export default family({
  ...Object.fromEntries(SYSDATA.map((name) => [`sysdata-${name.replace('_nr', '')}`, sysdata(name)])),
  userdata: userdata(two, 'two keys'),
  'userdata-ipv6': userdata(two, 'two keys, over IPv6', IPV6),
  'userdata-16': userdata(many, '16 keys of 190 bytes each: four datagrams a record'),
});
