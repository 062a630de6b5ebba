import { Injectable, type PipeTransform } from '@nestjs/common';
import { parseOrderId } from './order-id.js';

/** Validates and normalises the id in a path. */
@Injectable()
export class OrderIdPipe implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    return parseOrderId(value);
  }
}
