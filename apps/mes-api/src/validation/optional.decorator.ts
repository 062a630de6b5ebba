import { ValidateIf } from 'class-validator';

/** The property may be left out. Unlike with `IsOptional`, null is not a way to leave it out. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}
