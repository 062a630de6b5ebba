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

/** More than any input that is described here has. What exceeds one of these limits is not validated field by field. */
const MAX_DEPTH = 8;
const MAX_VALUES = 200;
const MAX_NAME_LENGTH = 100;

/**
 * Makes an instance of `type` out of plain input and validates it.
 *
 * @throws {Problem} 400 with the offending fields
 */
export function validated<T extends object>(type: ClassConstructor<T>, plain: unknown): T {
  const flaws = formFlaws(plain, type.prototype as object);
  if (flaws.length > 0) throw invalidInput(flaws);
  const instance = plainToInstance(type, plain ?? {}, { exposeDefaultValues: true });
  const errors = validateSync(instance, VALIDATOR_OPTIONS);
  if (errors.length > 0) throw invalidInput(fieldErrors(errors));
  return instance;
}

/**
 * What must not get as far as class-transformer, which drops fields that are named like a method, so that nobody would
 * find them unknown, calls what is named `constructor`, and overflows the stack on input that is nested deeply; nor as far
 * as class-validator, which spends time on every unknown field.
 */
function formFlaws(plain: unknown, prototype: object): FieldError[] {
  const flaws: FieldError[] = [];
  let values = 0;

  const inspect = (value: unknown, known: object, path: readonly string[]): void => {
    if (typeof value !== 'object' || value === null) return;
    if (path.length === MAX_DEPTH) {
      flaws.push({ field: path[0] ?? '', message: `${path[0] ?? ''} is nested too deeply` });
      return;
    }
    const names = Object.keys(value);
    values += names.length;
    if (values > MAX_VALUES) return;
    for (const name of names) {
      const field = [...path, name];
      if (name.length > MAX_NAME_LENGTH) {
        flaws.push({ field: field.join('.'), message: 'there is no field with so long a name' });
      } else if (name in known) {
        flaws.push({ field: field.join('.'), message: `property ${name} should not exist` });
      } else {
        inspect((value as Readonly<Record<string, unknown>>)[name], Object.prototype, field);
      }
    }
  };

  inspect(plain, prototype, []);
  return values > MAX_VALUES ? [{ field: '', message: `more than ${MAX_VALUES} values are too many` }] : flaws;
}

/** The leaves of class-validator's tree, with the path to each. */
function fieldErrors(errors: readonly ValidationError[], parent = ''): FieldError[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const field = parent ? `${parent}.${property}` : property;
    return [...Object.values(constraints).map((message) => ({ field, message })), ...fieldErrors(children, field)];
  });
}
