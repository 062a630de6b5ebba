import { randomUUID } from 'node:crypto';
import { redisCommand } from '../../../../test/support/redis-command.js';
import { RedisServer } from '../../../../test/support/redis-server.js';
import { RedisConnection } from './redis-connection.js';

const USER = 'eve';
const PASSWORD = 'pa#ss/wo%rd@1';

describe('the URL of Redis', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
    await redisCommand({ url: server.url }, 'ACL', 'SETUSER', USER, 'on', `>${PASSWORD}`, '~*', '+@all');
  });

  afterAll(() => server.stop());

  it('gives the user, the password and the database of the connection', async () => {
    const redisUrl = `redis://${USER}:${encodeURIComponent(PASSWORD)}@localhost:${server.port}/3`;
    const connection = new RedisConnection({ redisUrl, namespace: randomUUID(), deadline: 5_000, sweepInterval: 50 });
    await connection.open(() => Promise.resolve());
    try {
      const info = await connection.run('other', (client) => client.sendCommand<string>(['CLIENT', 'INFO']));
      expect(info).toContain(` user=${USER} `);
      expect(info).toContain(' db=3 ');
    } finally {
      await connection.close();
    }
  });

  it('that cannot be used is refused at once, with the name of its setting and without its value', () => {
    const options = { namespace: randomUUID(), deadline: 5_000, sweepInterval: 50 };
    const create = () =>
      new RedisConnection({ redisUrl: 'redis://mes:6379#word@h', redisUrlName: 'MY_REDIS', ...options });
    expect(create).toThrow(/^MY_REDIS must have no \? or # after the address; .*%23/);
    expect(create).not.toThrow(/word@h/);
  });
});
