import { Pool } from 'undici';

const CONNECTIONS = 32;
/** How long clients wait for an answer, in milliseconds: longer than the API may wait for anything. */
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

/** Nothing was sent, so somebody else may be asked. */
export class RefusedError extends Error {}

/** One instance of the API, as clients know it. */
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
