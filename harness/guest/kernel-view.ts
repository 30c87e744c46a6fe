import { CrashlabError } from '../host/error.ts';
import { translator } from '../printk/address.ts';
import type { PhysicalMemory } from '../printk/memory.ts';
import { readVmcoreInfo, type VmcoreInfo } from '../printk/vmcoreinfo.ts';
import { type KernelSymbol, parseKallsyms, readKallsyms } from '../symbols/kallsyms.ts';
import { findFunction, functionLength } from '../symbols/find.ts';
import { ambiguous, noSymbol } from './symbol-errors.ts';
import type { GuestFacts } from './facts.ts';
import { Kept } from './kept.ts';
import { keepSymbols, keptSymbols } from './symbol-file.ts';

/** The smallest page of every architecture here. */
const PAGE = 4096;

/**
 * What is known of the kernel inside a guest, read from its memory when first needed and then kept: all clones
 * of a template have the same addresses. `symbolFile` keeps the symbol table beside the template.
 */
export class KernelView {
  readonly facts: GuestFacts;
  private readonly symbolFile: string | null;
  private readonly info = new Kept<VmcoreInfo>();
  private readonly table = new Kept<KernelSymbol[]>();

  constructor(facts: GuestFacts, symbolFile: string | null) {
    this.facts = facts;
    this.symbolFile = symbolFile;
  }

  /** Bytes at a kernel virtual address, page by page; null where one isn't mapped. Errors: RING_UNREADABLE. */
  async readVirtual(memory: PhysicalMemory, address: bigint, length: number): Promise<Uint8Array | null> {
    const translate = translator(memory, await this.vmcoreInfo(memory));
    const parts: Uint8Array[] = [];
    for (let done = 0; done < length;) {
      const from = address + BigInt(done);
      const size = Math.min(length - done, PAGE - Number(from % BigInt(PAGE)));
      const physical = await translate(from).catch((error: unknown) => {
        if (error instanceof CrashlabError) throw error;
        return null;
      });
      const part = physical === null ? null : await memory.read(physical, size);
      if (part === null) return null;
      parts.push(part);
      done += size;
    }
    return new Uint8Array(Buffer.concat(parts));
  }

  /** Errors: RING_UNREADABLE. */
  vmcoreInfo(memory: PhysicalMemory): Promise<VmcoreInfo> {
    return this.info.get(() => this.readInfo(memory));
  }

  /**
   * A function: `symbol`, `symbol [module]`, or `symbol@2` for the second of that name by address;
   * of several names the first this kernel has, because kernels rename functions. Variants that a compiler made
   * (`foo.isra.0`, `foo.part.0`) are taken only by their full name. Errors: NO_SYMBOL with what may have been meant,
   * SYMBOL_AMBIGUOUS with how to choose.
   */
  async locate(memory: PhysicalMemory, names: readonly string[]): Promise<KernelSymbol> {
    const table = await this.symbols(memory);
    for (const name of names) {
      const found = findFunction(table, name);
      if (found.kind === 'found') return found.symbol;
      if (found.kind === 'ambiguous') throw ambiguous(this.facts.release, name, found.symbols);
    }
    throw noSymbol(this.facts.release, names, table);
  }

  /** Whether this kernel has a function of that name, or several. */
  async has(memory: PhysicalMemory, name: string): Promise<boolean> {
    return findFunction(await this.symbols(memory), name).kind !== 'none';
  }

  /** The address of what {@link locate} finds. */
  async resolve(memory: PhysicalMemory, names: readonly string[]): Promise<bigint> {
    return (await this.locate(memory, names)).address;
  }

  /** Bytes from a function's first to the next symbol, no more than `most`. */
  async functionLength(memory: PhysicalMemory, address: bigint, most: number): Promise<number> {
    return functionLength(await this.symbols(memory), address, most);
  }

  private symbols(memory: PhysicalMemory): Promise<KernelSymbol[]> {
    return this.table.get(() => this.readTable(memory));
  }

  private async readInfo(memory: PhysicalMemory): Promise<VmcoreInfo> {
    const { address, size } = this.facts.vmcoreinfo;
    const info = await readVmcoreInfo(memory, BigInt(address), size);
    if ('failure' in info) throw unreadable(info.failure);
    return info;
  }

  private async readTable(memory: PhysicalMemory): Promise<KernelSymbol[]> {
    const kept = this.symbolFile === null ? null : await keptSymbols(this.symbolFile);
    const image = kept ?? (await this.readImageSymbols(memory));
    return [...image, ...parseKallsyms(this.facts.moduleSymbols)];
  }

  private async readImageSymbols(memory: PhysicalMemory): Promise<KernelSymbol[]> {
    const table = await readKallsyms(memory, await this.vmcoreInfo(memory));
    if ('failure' in table) throw unreadable(table.failure);
    const functions = table.filter(({ type }) => /^[tTwW]$/.test(type));
    if (this.symbolFile !== null) await keepSymbols(this.symbolFile, functions);
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
