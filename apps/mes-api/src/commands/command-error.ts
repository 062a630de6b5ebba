/** A command cannot do what it was asked for; the message tells its user why. */
export class CommandError extends Error {
  readonly code = 'COMMAND_REFUSED';
}
