import { BadMemory } from './memory.ts';
import type { VmcoreInfo } from './vmcoreinfo.ts';

/** Where the members of the printk ring buffer's structures lie, in bytes; all from VMCOREINFO. */
export interface RingLayout {
  ringSize: number;
  ring: { descRing: number; textRing: number };
  descRing: { countBits: number; descs: number; infos: number; headId: number; tailId: number };
  desc: { size: number; state: number; begin: number; next: number };
  info: {
    size: number;
    sequence: number;
    timestamp: number;
    textLength: number;
    caller: number;
    device: number;
  };
  device: { subsystem: number; subsystemLength: number; device: number; deviceLength: number };
  dataRing: { sizeBits: number; data: number };
}

/** No structure of the ring buffer has more; what claims to is a lie. */
const MOST_BYTES = 4096;
const WORD = 8;

/** Linux kernel/printk/printk_ringbuffer.h, as kernel/printk/printk.c log_buf_vmcoreinfo_setup() exports it. */
export function ringLayout(info: VmcoreInfo): RingLayout {
  const take = (kind: 'offsets' | 'sizes' | 'lengths', name: string) => {
    const value = info[kind].get(name);
    if (value === undefined || value > MOST_BYTES) {
      throw new BadMemory(
        `VMCOREINFO says nothing usable of ${name}: no printk ring buffer that crashlab can read (Linux ≥ 5.10)`,
      );
    }
    return value;
  };
  const offset = (name: string) => take('offsets', name);
  const size = (name: string) => take('sizes', name);
  const textBlock = offset('prb_desc.text_blk_lpos');
  const layout = {
    ringSize: size('printk_ringbuffer'),
    ring: {
      descRing: offset('printk_ringbuffer.desc_ring'),
      textRing: offset('printk_ringbuffer.text_data_ring'),
    },
    descRing: {
      countBits: offset('prb_desc_ring.count_bits'),
      descs: offset('prb_desc_ring.descs'),
      infos: offset('prb_desc_ring.infos'),
      headId: offset('prb_desc_ring.head_id'),
      tailId: offset('prb_desc_ring.tail_id'),
    },
    desc: {
      size: size('prb_desc'),
      state: offset('prb_desc.state_var'),
      begin: textBlock + offset('prb_data_blk_lpos.begin'),
      next: textBlock + offset('prb_data_blk_lpos.next'),
    },
    info: {
      size: size('printk_info'),
      sequence: offset('printk_info.seq'),
      timestamp: offset('printk_info.ts_nsec'),
      textLength: offset('printk_info.text_len'),
      caller: offset('printk_info.caller_id'),
      device: offset('printk_info.dev_info'),
    },
    device: {
      subsystem: offset('dev_printk_info.subsystem'),
      subsystemLength: take('lengths', 'printk_info_subsystem'),
      device: offset('dev_printk_info.device'),
      deviceLength: take('lengths', 'printk_info_device'),
    },
    dataRing: { sizeBits: offset('prb_data_ring.size_bits'), data: offset('prb_data_ring.data') },
  };
  checkFits('printk_ringbuffer', layout.ringSize, [
    ...Object.values(layout.descRing).map((at) => layout.ring.descRing + at + WORD),
    ...Object.values(layout.dataRing).map((at) => layout.ring.textRing + at + WORD),
  ]);
  const { desc, info: record, device } = layout;
  checkFits('prb_desc', desc.size, [desc.state + WORD, desc.begin + WORD, desc.next + WORD]);
  checkFits('printk_info', record.size, [
    record.sequence + WORD,
    record.timestamp + WORD,
    // The length, the facility, and the bits of flags and level behind it.
    record.textLength + 4,
    record.caller + 4,
    record.device + device.subsystem + device.subsystemLength,
    record.device + device.device + device.deviceLength,
  ]);
  return layout;
}

/** A member that lies outside its structure would be read from another, or from behind the last one. */
function checkFits(name: string, size: number, ends: number[]): void {
  if (ends.some((end) => end > size))
    throw new BadMemory(`VMCOREINFO has members of ${name} outside its ${size} bytes`);
}
