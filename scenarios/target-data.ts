import { family, type Scenario, scenario } from '../harness/lab/scenario.ts';
import { arrivedOf, needAttribute, say, SPECIAL, TARGET } from './special-records.ts';

const SYSDATA = ['cpu_nr', 'taskname', 'release', 'msgid'];

const why = 'Who said it, and on which machine: without that, a thousand machines’ last words are one heap.';

function sysdata(name: string): Scenario {
  const attribute = `userdata/${name}_enabled`;
  const key = name.replace('_nr', '');
  return scenario({
    title: `the target adds ${key}= to each record; the guest lives on`,
    why,
    needs: [],
    format: 'extended',
    async prepare({ guest }) {
      await needAttribute(guest, attribute);
      await guest.run(`echo 1 > ${TARGET}/${attribute}`);
    },
    run: ({ guest }) => say(guest, Object.values(SPECIAL)),
    check: (seen) =>
      Object.values(SPECIAL).flatMap((special) => {
        const found = arrivedOf(special, seen)?.dictionary.find(([other]) => other === key);
        if (!found) return [`${key}= is not at “${special.text.slice(0, 40)}”.`];
        const expected = { cpu: /^0$/, taskname: /^\S+$/, msgid: /^\d+$/, release: /^\d+\.\d+/ }[key];
        return expected?.test(found[1]) ? [] : [`${key}=${found[1]} makes no sense.`];
      }),
    expect: { kind: 'none', ends: 'alive' },
  });
}

function userdata(entries: Record<string, string>, what: string): Scenario {
  return scenario({
    title: `userdata, ${what}; the guest lives on`,
    why,
    needs: [],
    format: 'extended',
    async prepare({ guest }) {
      await needAttribute(guest, 'userdata');
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

const many = Object.fromEntries(
  Array.from({ length: 16 }, (_, at) => [`key${at}`, `value ${at} ${'x'.repeat(180)}`]),
);

export default family({
  ...Object.fromEntries(SYSDATA.map((name) => [`sysdata-${name.replace('_nr', '')}`, sysdata(name)])),
  userdata: userdata({ machine: 'rack 7, unit 3', owner: 'crashlab' }, 'two keys'),
  'userdata-16': userdata(many, '16 keys of 190 bytes each: four datagrams a record'),
});
