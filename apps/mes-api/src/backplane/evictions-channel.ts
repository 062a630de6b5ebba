/** Where all instances are told what to evict, by one that does not reach the versions or by a trigger of the database. */
export const EVICTIONS_CHANNEL = 'mes_evictions';
