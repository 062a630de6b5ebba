import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ADVISORY_LOCKS } from '../advisory-locks.js';

/** The running instances (members), and the Redis that all of them use. */
export class KnowTheMembers1764400000000 implements MigrationInterface {
  readonly name = 'KnowTheMembers1764400000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(members);
    await runner.query(claims);
    await runner.query(announcements);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP FUNCTION announce_write(text);
      DROP FUNCTION claim_cache_store(uuid, text, text[]);
      DROP TABLE cache_authority, cache_members;
    `);
  }
}

/*
 * Each instance increments its beat every second. The others judge by their own clocks whether the beat goes on, that is, whether
 * the instance lives. seen_at is for housekeeping only.
 * The authority is the store of the cache that all instances use: a write announced there needs no notification.
 */
const members = `
  CREATE TABLE cache_members (
    id uuid PRIMARY KEY,
    beat bigint NOT NULL DEFAULT 1,
    store text,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
  );

  CREATE TABLE cache_authority (
    is_present boolean PRIMARY KEY DEFAULT true CHECK (is_present),
    store text,
    term bigint NOT NULL DEFAULT 0
  );
  INSERT INTO cache_authority DEFAULT VALUES;
`;

/*
 * Makes another store the authority, if no other member uses the present one. The claimant names the members whose beats have
 * stopped, as id/beat. The lock waits for uncommitted writes that were announced to the present store: data loaded after the claim
 * include them.
 */
const claims = `
  CREATE FUNCTION claim_cache_store(claimant uuid, wanted text, stopped text[]) RETURNS bigint
  LANGUAGE plpgsql SET lock_timeout = '1s' AS $$
  DECLARE
    held cache_authority;
  BEGIN
    PERFORM pg_advisory_xact_lock(${ADVISORY_LOCKS.cacheStores});
    SELECT * INTO held FROM cache_authority;
    UPDATE cache_members SET store = NULL WHERE id = claimant;
    IF NOT FOUND THEN
      RETURN NULL;
    END IF;
    IF held.store IS DISTINCT FROM wanted THEN
      IF EXISTS (SELECT FROM cache_members WHERE store = held.store AND id || '/' || beat <> ALL (stopped)) THEN
        RETURN NULL;
      END IF;
      UPDATE cache_authority SET store = wanted, term = term + 1;
    END IF;
    UPDATE cache_members SET store = wanted WHERE id = claimant;
    RETURN (SELECT term FROM cache_authority);
  END $$;
`;

/*
 * Records in the transaction of a write whether the write was announced to the authority. The triggers of orders notify all
 * instances of other writes.
 */
const announcements = `
  CREATE FUNCTION announce_write(announced_to text) RETURNS boolean LANGUAGE plpgsql AS $$
  DECLARE
    is_announced boolean := false;
  BEGIN
    IF announced_to IS NOT NULL THEN
      PERFORM pg_advisory_xact_lock_shared(${ADVISORY_LOCKS.cacheStores});
      is_announced := EXISTS (SELECT FROM cache_authority WHERE store = announced_to);
    END IF;
    PERFORM set_config('mes.announced', CASE WHEN is_announced THEN 'on' ELSE 'off' END, true);
    RETURN is_announced;
  END $$;
`;
