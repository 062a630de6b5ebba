import { CommandError } from '../../apps/mes-api/src/commands/command-failure.js';

/**
 * The value of an option of a program.
 *
 * @throws {CommandError} if it is no whole number from 1 to `most`
 */
export function wholeNumber(option: string, text: string, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw new CommandError(`${option} must be a whole number from 1 to ${most}`);
  return value;
}
