import { serverAddress } from './server-address.js';

describe('serverAddress', () => {
  it('has what the URL says about the server, TLS and the session', () => {
    const url =
      'postgres://anna:p%40ss@db.example:5433/mes?sslmode=no-verify&application_name=a&options=-c%20search_path%3Dx';
    expect(serverAddress(url)).toEqual({
      host: 'db.example',
      port: '5433',
      user: 'anna',
      password: 'p@ss',
      database: 'mes',
      ssl: { rejectUnauthorized: false },
      application_name: 'a',
      options: '-c search_path=x',
    });
  });

  it('knows sockets of the host', () => {
    expect(serverAddress('postgres://anna@/mes?host=/run/postgresql')).toMatchObject({
      host: '/run/postgresql',
      database: 'mes',
    });
  });

  it('has nothing that would change how the client works', () => {
    const limits =
      'statement_timeout=0&lock_timeout=0&idle_in_transaction_session_timeout=0&query_timeout=0&connectionTimeoutMillis=0';
    const others = 'keepAlive=false&pipeline=true&binary=true&replication=database&stream=x&connection=x&Promise=x';
    expect(Object.keys(serverAddress(`postgres://anna@db.example/mes?${limits}&${others}`)).sort()).toEqual([
      'database',
      'host',
      'password',
      'port',
      'user',
    ]);
  });
});
