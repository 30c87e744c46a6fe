import { readFile, rename, writeFile } from 'node:fs/promises';
import { CrashlabError } from '../host/error.ts';
import type { PhysicalMemory } from '../printk/memory.ts';
import { readVmcoreInfo, type VmcoreInfo } from '../printk/vmcoreinfo.ts';
import { type KernelSymbol, parseKallsyms, readKallsyms } from '../symbols/kallsyms.ts';
import type { GuestFacts } from './facts.ts';

/**
 * What is known of the kernel inside a guest, read from its memory when first needed and then kept: all clones
 * of a template have the same addresses. `symbolFile` keeps the symbol table beside the template.
 */
export class KernelView {
  readonly facts: GuestFacts;
  private readonly symbolFile: string | null;
  private info: Promise<VmcoreInfo> | null = null;
  private table: Promise<KernelSymbol[]> | null = null;

  constructor(facts: GuestFacts, symbolFile: string | null) {
    this.facts = facts;
    this.symbolFile = symbolFile;
  }

  /** Errors: RING_UNREADABLE. */
  vmcoreInfo(memory: PhysicalMemory): Promise<VmcoreInfo> {
    this.info ??= this.readInfo(memory);
    return this.info;
  }

  /**
   * The address of a function: `symbol`, or `symbol [module]`; of several names the first this kernel has,
   * because kernels rename functions. Errors: NO_SYMBOL, SYMBOL_AMBIGUOUS.
   */
  async resolve(memory: PhysicalMemory, names: string[]): Promise<bigint> {
    this.table ??= this.readTable(memory);
    const table = await this.table;
    const { release } = this.facts;
    for (const name of names) {
      const [, symbol, module] = /^(\S+)(?: \[(\w+)\])?$/.exec(name) ?? [];
      const found = table.filter(
        (one) => one.name === symbol && one.module === module && /^[tTwW]$/.test(one.type),
      );
      if (found.length > 1) {
        throw new CrashlabError(
          'guest',
          'SYMBOL_AMBIGUOUS',
          `${release} has ${found.length} functions called ${name}.`,
        );
      }
      if (found[0]) return found[0].address;
    }
    throw new CrashlabError('guest', 'NO_SYMBOL', `${release} has no function ${names.join(' nor ')}.`, {
      advice: 'It may be inlined or renamed there: look in that kernel’s /proc/kallsyms.',
    });
  }

  private async readInfo(memory: PhysicalMemory): Promise<VmcoreInfo> {
    const { address, size } = this.facts.vmcoreinfo;
    const info = await readVmcoreInfo(memory, BigInt(address), size);
    if ('failure' in info) throw unreadable(info.failure);
    return info;
  }

  private async readTable(memory: PhysicalMemory): Promise<KernelSymbol[]> {
    const kept = this.symbolFile ? await readFile(this.symbolFile, 'latin1').catch(() => null) : null;
    const image = kept === null ? await this.readImageSymbols(memory) : parseKallsyms(kept);
    return [...image, ...parseKallsyms(this.facts.moduleSymbols)];
  }

  private async readImageSymbols(memory: PhysicalMemory): Promise<KernelSymbol[]> {
    const table = await readKallsyms(memory, await this.vmcoreInfo(memory));
    if ('failure' in table) throw unreadable(table.failure);
    const functions = table.filter(({ type }) => /^[tTwW]$/.test(type));
    if (this.symbolFile) {
      const text = functions.map(
        ({ address, type, name }) => `${address.toString(16).padStart(16, '0')} ${type} ${name}\n`,
      );
      const draft = `${this.symbolFile}.draft-${process.pid}`;
      await writeFile(draft, text.join(''), 'latin1');
      await rename(draft, this.symbolFile);
    }
    return functions;
  }
}

/** The truth can't be had: whatever arrived, nothing is proved. */
export function unreadable(why: string): CrashlabError {
  return new CrashlabError(
    'guest',
    'RING_UNREADABLE',
    `The guest’s own memory can’t be read as a kernel’s: ${why}.`,
    {
      advice:
        'It is torn, or it lies; without the truth there is no verdict. Run it again, with --fresh if it stays.',
    },
  );
}
