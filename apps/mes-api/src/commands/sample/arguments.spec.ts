import { readSampleArguments } from './arguments.js';

const NOW = Date.parse('2031-05-17T09:30:00Z');

describe('readSampleArguments', () => {
  it('has a default for each option', () => {
    expect(readSampleArguments([], NOW)).toEqual({ count: 10_000, seed: 'mes', until: NOW });
  });

  it('reads the options', () => {
    const args = ['--orders', '100000', '--seed=another', '--until', '2030-12-24T18:00:00+03:00'];
    const until = Date.parse('2030-12-24T15:00:00Z');
    expect(readSampleArguments(args, NOW)).toEqual({ count: 100_000, seed: 'another', until });
  });

  it('returns undefined for --help', () => {
    expect(readSampleArguments(['--help', '--orders', 'some'], NOW)).toBeUndefined();
  });

  it.each([
    ['--orders=0', '--orders must be a whole number from 1'],
    ['--orders=-5', '--orders must be a whole number from 1'],
    ['--orders=1e3', '--orders must be a whole number from 1'],
    ['--orders=10000001', '--orders must be a whole number from 1 to 10000000'],
    ['--until=tomorrow', '--until must be a time'],
    ['--until=2031-05-17T09:30:01Z', '--until must be a time that is not in the future'],
    ['--order=5', "Unknown option '--order'"],
    ['100000', "Unexpected argument '100000'"],
  ])('refuses %s', (argument, why) => {
    expect(() => readSampleArguments([argument], NOW)).toThrow(why);
  });
});
