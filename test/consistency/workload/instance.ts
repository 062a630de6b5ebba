import { Pool } from 'undici';

const CONNECTIONS = 32;
/** The time limit of clients for a response, in milliseconds. It exceeds all time limits in the API. */
export const CLIENT_PATIENCE_MS = 20_000;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** The connection was refused: the request was not sent, so another instance may take it. */
export class RefusedError extends Error {}

/** An API instance as a client uses it. */
export class Instance {
  private readonly pool: Pool;

  constructor(
    readonly name: string,
    readonly url: string,
    connections = CONNECTIONS,
  ) {
    const patience = { headersTimeout: CLIENT_PATIENCE_MS, bodyTimeout: CLIENT_PATIENCE_MS };
    this.pool = new Pool(url, { connections, pipelining: 1, ...patience });
  }

  /** @throws {RefusedError} if nothing was sent; any other error leaves the outcome of the request unknown */
  async send({ method, path, headers, body }: HttpRequest): Promise<HttpAnswer> {
    try {
      const answer = await this.pool.request({ method, path, headers, body: body ?? null });
      return { status: answer.statusCode, text: await answer.body.text(), headers: answer.headers };
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ECONNREFUSED') throw new RefusedError(this.name, { cause: error });
      throw error;
    }
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await this.pool.destroy();
  }
}
