/**
 * The event that the database is not the one, or not in the state, that this instance knew. Whatever was remembered of it is
 * forgotten before `emit` returns; so who emits it puts out the cache after that, and nothing is filled with what was remembered.
 */
export const DATABASE_REPLACED = 'database.replaced';
