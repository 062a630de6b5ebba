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
 * Encodes and decodes cursors. A cursor is the start position of a page with a signature (HMAC-SHA-256, cut to 128 bits: RFC 2104,
 * section 5) over the position and the list. Modified cursors, and those of another list or visibility, are refused.
 */
@Injectable()
export class CursorCodec {
  private secret: Promise<string> | undefined;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  @OnEvent(DATABASE_REPLACED)
  forgetSecret(): void {
    this.secret = undefined;
  }

  /** @param list identifies the list, including the visibility of the caller */
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
    // Base64url ignores spare bits at the end. A cursor has only one valid spelling.
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
