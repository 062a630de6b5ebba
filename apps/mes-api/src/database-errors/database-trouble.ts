import { connectionProblem, poolOf } from '@mes/database';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';

/** What keeps statements from working, whatever they are, by SQLSTATE. */
const TROUBLES: readonly (readonly [state: RegExp, message: string])[] = [
  [
    // A column, table, function or type that does not exist, and a right that the role lacks.
    /^42(703|P01|883|704|501)$/,
    'statements fail because tables, columns, functions or rights are missing: run npm run migrate, and see the log',
  ],
  [/^25006$/, 'writes fail because PostgreSQL is read-only: name the primary in DATABASE_URL, or correct its settings'],
  [/^53100$/, 'writes fail because the disk of PostgreSQL is full: make room there'],
  [/^53/, 'statements fail because PostgreSQL lacks memory or another resource: see its log'],
];

/** How long after such a failure the trouble counts as lasting, in milliseconds. */
const LASTING_MS = 30_000;

/**
 * Why requests do not get from PostgreSQL what they need, although it may answer heartbeats. Nobody asks it: requests show it, whose
 * connections or statements fail, as after the change of a password or the restore of an older dump.
 */
@Injectable()
export class DatabaseTrouble {
  private ofStatements: { readonly message: string; readonly at: number } | undefined;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {
    poolOf(dataSource).statementListeners.push(() => (error) => {
      const { code } = (error ?? {}) as { readonly code?: unknown };
      const [, message] = TROUBLES.find(([state]) => state.test(String(code))) ?? [];
      if (message !== undefined) this.ofStatements = { message, at: performance.now() };
    });
  }

  /** What is wrong and what to do, without the address; undefined if nothing is. */
  get problem(): string | undefined {
    const { connectFailure } = poolOf(this.dataSource);
    if (connectFailure !== undefined) {
      return `requests get no connection: ${connectionProblem(connectFailure, 'DATABASE_URL').summary}`;
    }
    const { message, at } = this.ofStatements ?? { at: -Infinity };
    return performance.now() - at > LASTING_MS ? undefined : message;
  }
}
