/**
 * The orders and the archive, as one table. A statement that names ids, a number or the keys of a creator finds them in the indexes of
 * both. It sees an order that moves in one of them, since it reads both in one snapshot.
 */
export const ALL_ORDERS = '(SELECT * FROM orders UNION ALL SELECT * FROM archived_orders)';

/** The histories of the same orders. */
export const ALL_CHANGES = '(SELECT * FROM order_status_changes UNION ALL SELECT * FROM archived_order_status_changes)';
