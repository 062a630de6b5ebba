import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { eventually } from './eventually.js';
import type { PostgresServer } from './postgres-server.js';

/** Matches statements of heartbeats and of new connections. */
const OWN_BUSINESS = /INSERT INTO cache_members|set_config\(name, value/;

/** A reader of the SQL statements in a server's log. The server must run with `log_statement: 'all'`. */
export class StatementLog {
  private seen = 0;

  constructor(private readonly server: PostgresServer) {}

  /** The statements of all clients since the last call, without those of heartbeats and new connections. */
  async take(): Promise<string[]> {
    const mark = `-- ${randomUUID()}`;
    const client = new pg.Client(this.server.url);
    await client.connect();
    await client.query(`SELECT 1 ${mark}`);
    await client.end();
    // The server writes its log asynchronously.
    const log = await eventually(async () => {
      const text = await readFile(this.server.logFile, 'utf8');
      return text.includes(mark) ? text : undefined;
    });
    const lines = log.slice(this.seen).split('\n');
    this.seen = log.length;
    const statements: string[] = [];
    for (const line of lines) {
      const statement = /LOG: {2}(?:statement|execute [^:]+): (.*)/.exec(line)?.[1];
      if (statement !== undefined) statements.push(statement);
      else if (line.startsWith('\t')) statements.push(`${statements.pop() ?? ''} ${line.trim()}`);
    }
    return statements.filter((statement) => !statement.includes(mark) && !OWN_BUSINESS.test(statement));
  }
}
