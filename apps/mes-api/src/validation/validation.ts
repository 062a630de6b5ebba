import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync, type ValidationError, type ValidatorOptions } from 'class-validator';
import { invalidInput, type FieldError } from '../problem-details/problem.js';

/** What is not described is refused. */
export const VALIDATOR_OPTIONS = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  stopAtFirstError: true,
  validationError: { target: false, value: false },
} satisfies ValidatorOptions;

/**
 * Makes an instance of `type` out of plain input and validates it.
 *
 * @throws {Problem} 400 with every offending field
 */
export function validated<T extends object>(type: ClassConstructor<T>, plain: unknown): T {
  const instance = plainToInstance(type, plain ?? {}, { exposeDefaultValues: true });
  const errors = validateSync(instance, VALIDATOR_OPTIONS);
  if (errors.length > 0) throw invalidInput(fieldErrors(errors));
  return instance;
}

/** The leaves of class-validator's tree, with the path to each. */
export function fieldErrors(errors: readonly ValidationError[], parent = ''): FieldError[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const field = parent ? `${parent}.${property}` : property;
    return [...Object.values(constraints).map((message) => ({ field, message })), ...fieldErrors(children, field)];
  });
}
