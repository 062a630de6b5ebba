import { poolOf } from '@mes/database';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';

/** SQLSTATE of a column, table, function or type that does not exist, and of a right that the role lacks. */
const MISFIT = /^42(703|P01|883|704|501)$/;

/** How long after such a failure the schema counts as one that does not fit, in milliseconds. */
const MISFIT_MS = 30_000;

/**
 * Whether the schema and the rights of the role are those that this build needs. Nobody asks PostgreSQL: statements of requests fail if
 * they are not, as after the restore of an older dump.
 */
@Injectable()
export class SchemaFit {
  private failedAt = -Infinity;

  constructor(@InjectDataSource() dataSource: DataSource) {
    poolOf(dataSource).statementListeners.push(() => (error) => {
      const { code } = (error ?? {}) as { readonly code?: unknown };
      if (MISFIT.test(String(code))) this.failedAt = performance.now();
    });
  }

  /** What is wrong and what to do; undefined if nothing is. */
  get problem(): string | undefined {
    if (performance.now() - this.failedAt > MISFIT_MS) return undefined;
    return 'statements fail because tables, columns, functions or rights are missing: run npm run migrate, and see the log';
  }
}
