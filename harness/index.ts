/** crashlab's public API, name by name. The pure rooms may be used alone, without QEMU. */
export { scenario } from './lab/scenario.ts';
export type { KnownLoss, Scenario, ScenarioGuest } from './lab/scenario.ts';
export { RECORD_VERSION, RecordEvent } from './lab/record.ts';
export type { Cell, Run, WitnessVerdict } from './lab/record.ts';

export { parseDatagram } from './netconsole/datagram.ts';
export type { Datagram } from './netconsole/datagram.ts';
export { NetconsoleReceiver } from './netconsole/receiver.ts';
export type { NetconsoleEvent } from './netconsole/event.ts';
export { buildLedger } from './netconsole/ledger.ts';
export type { Ledger } from './netconsole/ledger.ts';
export { parseTarget, renderTarget } from './netconsole/target.ts';

export { readVmcoreInfo } from './printk/vmcoreinfo.ts';
export { readRing } from './printk/ring.ts';
export type { PhysicalMemory } from './printk/memory.ts';
export type { PrintkRecord } from './printk/record.ts';
export type { RingContent } from './printk/records.ts';
export { readKallsyms } from './symbols/kallsyms.ts';

export { readCrashes } from './oops/crash.ts';
export type { Crash, CrashLog } from './oops/crash.ts';
export { readLog } from './oops/log-line.ts';
export type { LogLine } from './oops/log-line.ts';
export { readOops } from './oops/read.ts';
export type { OopsReading } from './oops/read.ts';

export { truthFrom } from './verdict/truth.ts';
export { judgeRecords } from './verdict/records.ts';
export { judgeText } from './verdict/text.ts';
export type { Judgement } from './verdict/judgement.ts';
