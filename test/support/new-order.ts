/** The body of a request that creates an order, good as it is. */
export function newOrder(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    source: 'SHOP',
    customer: { id: 'C-1', name: 'Мария Соколова' },
    product: { name: 'Signet ring' },
    material: 'Gold 585',
    quantity: 1,
    ...changes,
  };
}
