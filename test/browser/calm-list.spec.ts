import { eventually } from '../support/eventually.js';
import type { Operator } from './support/operators-page.js';
import { OPENING_MS, Workshop, type WorkshopOrder } from './support/workshop.js';

const NEWEST_FIRST = '/?sort=-createdAt';

describe('the queue while somebody is at it, in a browser', () => {
  let workshop: Workshop;

  beforeAll(async () => {
    workshop = await Workshop.open();
  }, OPENING_MS);

  afterEach(() => workshop.clear());

  afterAll(() => workshop.close());

  /** Creates orders one after another. The last one is the newest. */
  async function createOrders(count: number): Promise<WorkshopOrder[]> {
    const orders: WorkshopOrder[] = [];
    for (let i = 0; i < count; i += 1) orders.push(await workshop.create());
    return orders;
  }

  /** The id of the order whose row is at a point of the screen. */
  function orderAt({ page }: Operator, x: number, y: number): Promise<string | undefined> {
    return page.evaluate(
      `document.elementFromPoint(${x}, ${y})?.closest('.grid-body [role=row]')?.id.replace('order-', '')`,
    );
  }

  it('takes the order that was under the pointer when it was aimed at, while others arrive', async () => {
    const orders = await createOrders(6);
    const desk = await workshop.signedIn({ name: 'anna' });
    await desk.open(NEWEST_FIRST);
    await desk.live();
    const colleague = await workshop.signedIn({ name: 'boris' });
    await colleague.open(NEWEST_FIRST);
    await colleague.live();
    const arrivals: WorkshopOrder[] = [];
    const before = new Set<string>();
    for (const { id } of orders.slice(1, 5)) {
      const button = await desk.row(id).getByRole('button', { name: 'Take' }).boundingBox();
      const [x, y] = [(button?.x ?? 0) + 20, (button?.y ?? 0) + 20];
      await desk.page.mouse.move(x, y);
      const aimed = await orderAt(desk, x, y);
      const arrival = await workshop.create();
      arrivals.push(arrival);
      // The other screen shows that the order has arrived.
      await colleague.row(arrival.id).waitFor();
      await desk.page.mouse.click(x, y);
      const taken = await eventually(async () => {
        const now = await Promise.all([...orders, ...arrivals].map((order) => workshop.order(order)));
        const found = now.flatMap(({ id: one, assignee }) => (assignee === 'anna' && !before.has(one) ? one : []));
        return found.length > 0 && found;
      });
      expect(taken).toEqual([aimed]);
      before.add(aimed ?? '');
    }
  });
});
