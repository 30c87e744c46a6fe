import { family, type Scenario, scenario } from '../harness/lab/scenario.ts';
import { arrivedOf, needAttribute, say, SPECIAL, TARGET } from './special-records.ts';

/** What stands before and behind each record, and makes it longer: attributes of the target. */
type With = 'release' | 'userdata';

const WITH: Record<string, With[]> = {
  plain: [],
  release: ['release'],
  userdata: ['userdata'],
  'release-userdata': ['release', 'userdata'],
};
const SET_USERDATA = `mkdir ${TARGET}/userdata/where && echo 'rack 7' > ${TARGET}/userdata/where/value`;

function fragmented(attributes: With[]): Scenario {
  const what = attributes.map((name) => (name === 'release' ? 'the release' : name)).join(' and ');
  return scenario({
    title: `records of more than 1000 bytes, with ${what || 'nothing else'}; the guest lives on`,
    why: 'One record in several datagrams: its parts must be put together again, or it is lost.',
    needs: [],
    format: 'extended',
    async prepare({ guest }) {
      for (const attribute of attributes) await needAttribute(guest, attribute);
      if (attributes.includes('userdata')) await guest.run(SET_USERDATA);
      if (attributes.includes('release')) await guest.netconsole({ release: 1 });
    },
    run: ({ guest }) => say(guest, [SPECIAL.long, SPECIAL.escaped, SPECIAL.plain]),
    check(seen) {
      const came = arrivedOf(SPECIAL.escaped, seen);
      if (!came) return ['The long record did not arrive.'];
      const problems = came.fragments < 2 ? ['The long record came in one piece.'] : [];
      if (attributes.includes('release') && came.release !== seen.guest.facts.release)
        problems.push('Its release is missing.');
      if (
        attributes.includes('userdata') &&
        !came.dictionary.some(([key, value]) => key === 'where' && value === 'rack 7')
      )
        problems.push('Its userdata is missing.');
      return problems;
    },
    expect: { kind: 'none', ends: 'alive' },
  });
}

export default family({
  ...Object.fromEntries(Object.entries(WITH).map(([name, attributes]) => [name, fragmented(attributes)])),
  'too-long': scenario({
    title: 'a record that is too long once it is escaped; the guest lives on',
    why: 'The kernel writes a record into a buffer of 2048 bytes before it is sent: what is behind that is cut.',
    needs: [],
    format: 'extended',
    async prepare({ guest }) {
      // Since these came, the extended format is written into 2048 bytes; before, into 8192.
      await guest.probe('small buffer', { function: 'printk_get_next_message' });
    },
    async run({ guest }) {
      await guest.run(`printf '<6>crashlab: ${String.raw`\\`.repeat(900)} end\\n' > /dev/kmsg`);
      await say(guest, [SPECIAL.plain]);
    },
    check({ wire, guest }) {
      const cut = guest.probed.has('small buffer') ? 1 : 0;
      return wire.torn.length === cut && wire.missing.length === 0
        ? []
        : [
            `${wire.torn.length} records are cut, ${wire.missing.length} missing; it should be ${cut} and none.`,
          ];
    },
    expect: {
      kind: 'none',
      ends: 'alive',
      says: /a plain record/,
      losses: [
        {
          when: ({ probed }) => probed.has('small buffer'),
          torn: /^crashlab: \\+ end$/,
          because:
            'a byte that is escaped takes four, and the buffer for the extended format has 2048: the end of the record is cut',
          source:
            'kernel/printk/printk.c msg_print_ext_body(), PRINTK_MESSAGE_MAX since struct printk_buffers; complete on 6.1, which has CONSOLE_EXT_LOG_MAX',
        },
      ],
    },
  }),
});
