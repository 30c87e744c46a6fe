import { scenario } from '../harness/lab/scenario.ts';
import { arrivedOf, needAttribute, record, say, TARGET, valueOf } from './special-records.ts';

const ITEM = `${TARGET}/userdata/place`;

/** What is done to the item, what is said then, and what has to come with it; null: no such key. */
const STEPS = [
  { command: `mkdir ${ITEM}`, said: record('crashlab: an item without a value'), value: null },
  { command: `echo 'rack 7' > ${ITEM}/value`, said: record('crashlab: a value is set'), value: 'rack 7' },
  {
    command: `echo 'rack 8, unit 3' > ${ITEM}/value`,
    said: record('crashlab: a longer one'),
    value: 'rack 8, unit 3',
  },
  { command: `echo b2 > ${ITEM}/value`, said: record('crashlab: a shorter one'), value: 'b2' },
  { command: `echo > ${ITEM}/value`, said: record('crashlab: it is cleared'), value: null },
  { command: `echo 'rack 9' > ${ITEM}/value`, said: record('crashlab: it is set again'), value: 'rack 9' },
  { command: `rmdir ${ITEM}`, said: record('crashlab: the item is removed'), value: null },
];

export default scenario({
  title: 'userdata is set, changed, cleared and removed; the guest lives on',
  why: 'What stands at a record must be what was so when it was sent: a stale name is worse than none.',
  needs: [],
  format: 'extended',
  prepare: ({ guest }) => needAttribute(guest, 'userdata'),
  async run({ guest }) {
    for (const { command, said } of STEPS) {
      await guest.run(command);
      await say(guest, [said]);
      await guest.untilSent(said.text);
    }
  },
  check: (seen) =>
    STEPS.flatMap(({ said, value }) => {
      const found = valueOf('place', arrivedOf(said, seen));
      return found === value ? [] : [`At “${said.text}” place is ${found}, not ${value}.`];
    }),
  expect: { kind: 'none', ends: 'alive', says: /the item is removed/ },
});
