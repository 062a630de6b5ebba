import { checkFreshness } from './check-freshness.js';

const QUESTION = { path: '/api/v1/dashboard/statuses', instance: 'api-1' };

describe('a cached response', () => {
  it('may have another creation time than a fresh response', () => {
    const answers = { cached: '200 {"n":1,"asOf":"2031-01-01"}', fresh: '200 {"n":1,"asOf":"2032-01-01"}' };
    expect(checkFreshness([{ ...QUESTION, ...answers }])).toEqual([]);
  });

  it('must otherwise equal a response from the database byte for byte', () => {
    const answers = { cached: '200 {"n":1,"asOf":"2031-01-01"}', fresh: '200 {"n":2,"asOf":"2031-01-01"}' };
    const [violation] = checkFreshness([{ ...QUESTION, ...answers }]);
    expect(violation).toMatchObject({ rule: 'not-fresh' });
    expect(violation?.what).toContain('api-1 answers /api/v1/dashboard/statuses with');
  });
});
