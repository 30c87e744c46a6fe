import { InvalidArgumentError } from 'commander';

/** Called with a command's exit code. */
export type Finish = (code: number) => void;

/** Of an option: a whole number. */
export const whole =
  (least: number, most = Infinity) =>
  (text: string) => {
    const value = Number(text);
    const range = most === Infinity ? `${least} on` : `${least} to ${most}`;
    if (!/^-?\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`It takes a whole number from ${range}.`);
    return value;
  };
/** Of an option: one of a few words. */
export const oneOf =
  <T extends string>(...choices: T[]) =>
  (text: string) => {
    const chosen = choices.find((choice) => choice === text);
    if (!chosen) throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
    return chosen;
  };
/** Of an option: what a pattern matches; `what` says it in words. */
export const matching = (pattern: RegExp, what: string) => (text: string) => {
  if (!pattern.test(text)) throw new InvalidArgumentError(`It takes ${what}.`);
  return text;
};
/** Of an option that may be given again and again. */
export const each =
  <T>(parse: (text: string) => T) =>
  (text: string, before: T[] | undefined) => [...(before ?? []), parse(text)];
