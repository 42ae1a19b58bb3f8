/**
 * The value of an option that is a whole number from 0 up; `otherwise` where it is not given. Ends the process with status 2,
 * and a line that names the option, where it is none.
 */
export function wholeNumber(option: string, text: string | undefined, otherwise = 0): number {
  if (text === undefined) return otherwise;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  console.error(`--${option}: "${text}" is not a number; write a whole number from 0 up`);
  process.exit(2);
}
