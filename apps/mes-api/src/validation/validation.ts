import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync, type ValidationError, type ValidatorOptions } from 'class-validator';
import { invalidInput, type FieldError } from '../problem-details/problem.js';

/** Undeclared fields are refused. */
const VALIDATOR_OPTIONS = {
  whitelist: true,
  forbidNonWhitelisted: true,
  forbidUnknownValues: true,
  stopAtFirstError: true,
  validationError: { target: false, value: false },
} satisfies ValidatorOptions;

/** Limits beyond any declared input. Input that exceeds one is refused without validation of its fields. */
const MAX_DEPTH = 8;
const MAX_VALUES = 200;
const MAX_NAME_LENGTH = 100;

/**
 * Converts plain input into a validated instance of `type`.
 *
 * @throws {Problem} 400 with the invalid fields
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
 * The errors of input that class-transformer and class-validator cannot handle safely. class-transformer silently drops fields
 * with the name of a method, calls a field named `constructor`, and overflows the stack on deeply nested input. class-validator
 * spends time on every unknown field.
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
        flaws.push({ field: field.join('.'), message: 'the name of the field is too long' });
      } else if (name in known) {
        flaws.push({ field: field.join('.'), message: `property ${name} should not exist` });
      } else {
        inspect((value as Readonly<Record<string, unknown>>)[name], Object.prototype, field);
      }
    }
  };

  inspect(plain, prototype, []);
  return values > MAX_VALUES ? [{ field: '', message: `the input must have at most ${MAX_VALUES} values` }] : flaws;
}

/** The errors of the nested fields, each with its path. */
function fieldErrors(errors: readonly ValidationError[], parent = ''): FieldError[] {
  return errors.flatMap(({ property, constraints = {}, children = [] }) => {
    const field = parent ? `${parent}.${property}` : property;
    return [...Object.values(constraints).map((message) => ({ field, message })), ...fieldErrors(children, field)];
  });
}
