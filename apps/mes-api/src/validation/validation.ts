import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync, type ValidationError, type ValidatorOptions } from 'class-validator';
import { invalidInput, type FieldError } from '../problem-details/problem.js';

/** What is not described is refused. */
const VALIDATOR_OPTIONS = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  stopAtFirstError: true,
  validationError: { target: false, value: false },
} satisfies ValidatorOptions;

/** No input that is described here has as many levels; class-transformer would go down any number of them. */
const MAX_DEPTH = 8;

/**
 * Makes an instance of `type` out of plain input and validates it.
 *
 * @throws {Problem} 400 with every offending field
 */
export function validated<T extends object>(type: ClassConstructor<T>, plain: unknown): T {
  const untransformable = untransformableFields(plain, type.prototype as object);
  if (untransformable.length > 0) throw invalidInput(untransformable);
  const instance = plainToInstance(type, plain ?? {}, { exposeDefaultValues: true });
  const errors = validateSync(instance, VALIDATOR_OPTIONS);
  if (errors.length > 0) throw invalidInput(fieldErrors(errors));
  return instance;
}

/**
 * What must not get as far as class-transformer, which drops fields that are named like a method, so that nobody would
 * find them unknown, calls what is named `constructor`, and overflows the stack on input that is nested deeply.
 */
function untransformableFields(plain: unknown, prototype: object, path: readonly string[] = []): FieldError[] {
  if (typeof plain !== 'object' || plain === null) return [];
  if (path.length === MAX_DEPTH) return [{ field: path[0] ?? '', message: `${path[0] ?? ''} is nested too deeply` }];
  return Object.entries(plain).flatMap(([name, value]) => {
    const field = [...path, name];
    return name in prototype
      ? [{ field: field.join('.'), message: `property ${name} should not exist` }]
      : untransformableFields(value, Object.prototype, field);
  });
}

/** The leaves of class-validator's tree, with the path to each. */
function fieldErrors(errors: readonly ValidationError[], parent = ''): FieldError[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const field = parent ? `${parent}.${property}` : property;
    return [...Object.values(constraints).map((message) => ({ field, message })), ...fieldErrors(children, field)];
  });
}
