import { createClient } from 'redis';

/** A counter of the commands that a Redis server executes, including those in scripts. */
export class RedisCommands {
  private constructor(private readonly client: ReturnType<typeof createClient>) {}

  static async connect(url: string): Promise<RedisCommands> {
    const client = createClient({ url });
    client.on('error', () => undefined);
    await client.connect();
    return new RedisCommands(client);
  }

  /** The number of commands since the start of the server. Each call adds one. */
  async total(): Promise<number> {
    const statistics = await this.client.info('stats');
    return Number(/^total_commands_processed:(\d+)/m.exec(statistics)?.[1]);
  }

  async close(): Promise<void> {
    await this.client.disconnect();
  }
}
