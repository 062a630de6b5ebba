import { createClient } from 'redis';

/** Counts what a Redis server executes, commands of scripts included. */
export class RedisCommands {
  private constructor(private readonly client: ReturnType<typeof createClient>) {}

  static async connect(url: string): Promise<RedisCommands> {
    const client = createClient({ url });
    client.on('error', () => undefined);
    await client.connect();
    return new RedisCommands(client);
  }

  /** Since the server started. Each call counts as one more. */
  async total(): Promise<number> {
    const statistics = await this.client.info('stats');
    return Number(/^total_commands_processed:(\d+)/m.exec(statistics)?.[1]);
  }

  async close(): Promise<void> {
    await this.client.disconnect();
  }
}
