import { parseOrigins } from './cors-origins.js';

describe('parseOrigins', () => {
  it.each([
    ['', []],
    ['*', ['*']],
    ['https://a.example, http://b.example:8080', ['https://a.example', 'http://b.example:8080']],
    ['https://Floor.Example.com:443', ['https://floor.example.com']],
    ['http://цех.example', ['http://xn--e1a6ab.example']],
  ])('reads %s as a browser writes it', (text, origins) => {
    expect(parseOrigins(text)).toEqual(origins);
  });

  it.each(['a.example', 'https://a.example/path', 'https://a.example,', 'https://a.example:99999', 'ftp://a.example'])(
    'refuses %s',
    (text) => {
      expect(parseOrigins(text)).toBeUndefined();
    },
  );
});
