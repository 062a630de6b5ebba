import { createHmac, timingSafeEqual } from 'node:crypto';
import { readSharedSecret } from '@mes/database';
import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { DATABASE_REPLACED } from '../backplane/postgres-notifications.js';
import { CursorInvalidError } from './order-errors.js';
import type { PagePosition } from './repository/orders.repository.js';

const SIGNATURE_BYTES = 16;

/**
 * Turns the place where a page begins into an opaque text and back. The text is signed (HMAC-SHA-256, cut to 128 bits:
 * RFC 2104, section 5) together with the list that it was issued for, so that a cursor that was tampered with, or that
 * belongs to another list or to another caller's view, is refused.
 */
@Injectable()
export class CursorCodec {
  private secret: Promise<string> | undefined;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  @OnEvent(DATABASE_REPLACED)
  forgetSecret(): void {
    this.secret = undefined;
  }

  /** @param list names the list completely, the caller's visibility included */
  async encode(position: PagePosition, list: string): Promise<string> {
    const payload = Buffer.from(JSON.stringify([...position.values, position.id]));
    return Buffer.concat([await this.sign(payload, list), payload]).toString('base64url');
  }

  /** @throws {CursorInvalidError} */
  async decode(cursor: string, list: string): Promise<PagePosition> {
    const bytes = Buffer.from(cursor, 'base64url');
    const signature = bytes.subarray(0, SIGNATURE_BYTES);
    const payload = bytes.subarray(SIGNATURE_BYTES);
    const expected = await this.sign(payload, list);
    // Of one cursor there is one spelling: base64url would allow spare bits at its end.
    const canonical = bytes.toString('base64url') === cursor;
    if (!canonical || signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw new CursorInvalidError();
    }
    const fields = JSON.parse(payload.toString()) as string[];
    return { values: fields.slice(0, -1), id: fields.at(-1) ?? '' };
  }

  private async sign(payload: Buffer, list: string): Promise<Buffer> {
    const hmac = createHmac('sha256', await this.readSecret());
    return hmac.update(payload).update('\n').update(list).digest().subarray(0, SIGNATURE_BYTES);
  }

  private readSecret(): Promise<string> {
    if (!this.secret) {
      const secret = readSharedSecret(this.dataSource, 'cursor').catch((error: unknown) => {
        if (this.secret === secret) this.secret = undefined;
        throw error;
      });
      this.secret = secret;
    }
    return this.secret;
  }
}
