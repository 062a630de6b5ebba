import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import type { ClassConstructor } from 'class-transformer';
import { invalidInput } from '../problem-details/problem.js';
import { validated } from './validation.js';

/** Converts bodies and queries into validated instances of the types of the handlers' parameters. */
@Injectable()
export class InputValidationPipe implements PipeTransform {
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if ((type !== 'body' && type !== 'query') || !metatype || metatype === Object) return value;
    // Cached routes validate their query earlier, for the cache key.
    if (value instanceof metatype) return value;
    if (type === 'body' && (typeof value !== 'object' || value === null || Array.isArray(value))) {
      throw invalidInput([{ field: '', message: 'the body must be a JSON object' }]);
    }
    return validated(metatype as ClassConstructor<object>, value);
  }
}
