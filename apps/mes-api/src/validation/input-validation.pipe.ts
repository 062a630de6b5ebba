import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import type { ClassConstructor } from 'class-transformer';
import { invalidInput } from '../problem-details/problem.js';
import { validated } from './validation.js';

/** Turns bodies and queries into validated instances of the classes that the handlers name. */
@Injectable()
export class InputValidationPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if ((type !== 'body' && type !== 'query') || !metatype || metatype === Object) return value;
    // A cached route has validated its query already, to know its key.
    if (value instanceof metatype) return value;
    if (type === 'body' && (typeof value !== 'object' || value === null || Array.isArray(value))) {
      throw invalidInput([{ field: '', message: 'the body must be a JSON object' }]);
    }
    return validated(metatype as ClassConstructor<object>, value);
  }
}
