import { Pool } from 'undici';

const CONNECTIONS = 32;
/** Longer than any deadline in the API. */
const PATIENCE_MS = 30_000;

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

/** Nothing was sent, so somebody else may be asked. */
export class RefusedError extends Error {}

/** One instance of the API, as clients know it. */
export class Instance {
  private readonly pool: Pool;

  constructor(
    readonly name: string,
    readonly url: string,
  ) {
    this.pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1, headersTimeout: PATIENCE_MS });
  }

  /** @throws {RefusedError} or any other error if it is not known what became of the request */
  async send({ method, path, headers, body }: HttpRequest): Promise<HttpAnswer> {
    try {
      const answer = await this.pool.request({ method, path, headers, body: body ?? null });
      return { status: answer.statusCode, text: await answer.body.text(), headers: answer.headers };
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ECONNREFUSED') throw new RefusedError(this.name, { cause: error });
      throw error;
    }
  }

  /** Forgets its connections. */
  async close(): Promise<void> {
    await this.pool.destroy();
  }
}
