import { checkFreshness } from './check-freshness.js';

const QUESTION = { path: '/api/v1/dashboard/statuses', instance: 'api-1' };

describe('an answer out of the cache', () => {
  it('may have been made at another time', () => {
    const answers = { cached: '200 {"n":1,"asOf":"2031-01-01"}', fresh: '200 {"n":1,"asOf":"2032-01-01"}' };
    expect(checkFreshness([{ ...QUESTION, ...answers }])).toEqual([]);
  });

  it('must otherwise be the same to the byte as one out of the database', () => {
    const answers = { cached: '200 {"n":1,"asOf":"2031-01-01"}', fresh: '200 {"n":2,"asOf":"2031-01-01"}' };
    const [violation] = checkFreshness([{ ...QUESTION, ...answers }]);
    expect(violation).toMatchObject({ rule: 'not-fresh' });
    expect(violation?.what).toContain('api-1 says to /api/v1/dashboard/statuses');
  });
});
