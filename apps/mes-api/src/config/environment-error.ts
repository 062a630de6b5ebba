/** An environment variable has a value that cannot be used. The message names the variable and says what to do. */
export class EnvironmentError extends Error {
  readonly code = 'ENVIRONMENT_INVALID';
}
