/**
 * One record of the kernel's printk ring buffer, as `struct printk_info` and its text block hold it.
 *
 * Text is a *byte string*: each character is one byte (0–255), exactly as the kernel wrote it. Nothing is
 * decoded here, so that two texts are equal only when their bytes are. Use `TextDecoder` to show one.
 */
export interface PrintkRecord {
  /** Sequence number, counted from 0 at boot. */
  sequence: number;
  /** Local clock when the record was stored, in whole microseconds, as netconsole prints it. */
  timestampUs: number;
  /** Syslog facility (0 = kern). */
  facility: number;
  /** Log level 0 (emergency) … 7 (debug). */
  level: number;
  /** `enum printk_info_flags`: 2 = newline, 8 = continuation. */
  flags: number;
  /** Thread id (`T…`) or CPU (`C…`) that logged it; kernels store it whether or not they print it. */
  caller: string;
  /** False while its writer may still append to it: consoles never print such a record. */
  finalised: boolean;
  /** The message, without trailing newline; a byte string, may hold newlines. */
  text: string;
  /** `SUBSYSTEM` and `DEVICE` of dev_printk(), where given. */
  dictionary: Record<string, string>;
}
