import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { QueryFailedError, type Repository } from 'typeorm';
import {
  ExternalIdTakenError,
  IdempotencyKeyReusedError,
  IllegalTransitionError,
  OrderNotFoundError,
  VersionMismatchError,
} from '../order-errors.js';
import { asCreated, type Order, type OrderHistoryEntry, type Visibility } from '../order.js';
import { ORDER_STATUSES, transitionsTo, type OrderStatus } from '../order-status.js';
import { orderPageSql, positionAfter } from './order-page.sql.js';
import { orderTotalSql, totalOf, type Counted } from './order-total.sql.js';
import { OrderStatusChangeEntity } from './order-status-change.entity.js';
import { OrderEntity } from './order.entity.js';
import {
  OrdersRepository,
  type ChangeStatus,
  type Creation,
  type AnnouncementOutcome,
  type OrderPageRequest,
  type NewOrder,
  type OrderCounts,
  type OrderFilter,
  type OrderPage,
  type OrderTotal,
  type StatusChange,
} from './orders.repository.js';

interface CountsRow {
  readonly counts: Partial<Record<OrderStatus, number>> | null;
  readonly oldest: Date | null;
  readonly arrivals: readonly number[];
  readonly as_of: Date;
}

const HOUR = 60 * 60_000;

/** Orders in PostgreSQL. On its usual path, each method is one statement: one transaction and one round trip. */
@Injectable()
export class TypeOrmOrdersRepository extends OrdersRepository {
  /** All columns of an order, with the names of the entity's properties. */
  private readonly columns: string;

  constructor(@InjectRepository(OrderEntity) private readonly orders: Repository<OrderEntity>) {
    super();
    this.columns = this.orders.metadata.columns
      .filter(({ isSelect }) => isSelect)
      .map(({ databaseName, propertyName }) => `o.${databaseName} AS "${propertyName}"`)
      .join(', ');
  }

  override async create(order: NewOrder): Promise<Creation> {
    try {
      return { ...(await this.insert(order)), repeated: false };
    } catch (error) {
      const constraint = violatedUniqueConstraint(error);
      // An earlier request may have had the same externalId as well, and either constraint may be violated first.
      const { idempotency } = order;
      if (constraint !== undefined && idempotency) {
        const earlier = await this.findByIdempotencyKey(order.createdBy, idempotency.key);
        if (earlier && earlier.hash !== idempotency.hash) throw new IdempotencyKeyReusedError();
        if (earlier) return { order: earlier.order, repeated: true, isAnnounced: false };
      }
      if (constraint === 'orders_external_id') throw new ExternalIdTakenError(order.externalId ?? '');
      throw error;
    }
  }

  override async findByIdempotencyKey(
    createdBy: string,
    key: string,
  ): Promise<{ order: Order; hash: string } | undefined> {
    const [row] = await this.orders.query<(OrderEntity & { hash: string })[]>(
      `SELECT ${this.columns}, o.idempotency_hash AS hash FROM orders o WHERE o.created_by = $1 AND o.idempotency_key = $2`,
      [createdBy, key],
    );
    return row && { order: asCreated(toOrder(row)), hash: row.hash };
  }

  override async changeStatus(change: ChangeStatus): Promise<StatusChange> {
    const steps = transitionsTo(change.to);
    const from = (wanted: (step: (typeof steps)[number]) => boolean): OrderStatus[] =>
      steps.filter(wanted).map((step) => step.from);

    // PostgreSQL checks the conditions after locking the row, so of concurrent changes one succeeds.
    const [row] = await this.orders.query<(OrderEntity & AnnouncementOutcome)[]>(
      `WITH changed AS (
        UPDATE orders SET
          previous_status = status,
          status = $2::order_status,
          assignee = CASE WHEN status = ANY($3::order_status[]) THEN $4 ELSE assignee END,
          version = version + 1,
          updated_at = clock_timestamp()
        WHERE id = $1
          AND (status = ANY($5::order_status[])
            OR (status = ANY($6::order_status[]) AND previous_status = $2::order_status))
          AND ($7::integer[] IS NULL OR version = ANY($7::integer[]))
        RETURNING *, ${announcement('$9')}
      ), noted AS (
        INSERT INTO order_status_changes (order_id, version, from_status, to_status, changed_by, changed_at, comment)
        SELECT id, version, previous_status, status, $4, updated_at, $8 FROM changed
      )
      SELECT ${this.columns}, o."isAnnounced" FROM changed o`,
      [
        change.orderId,
        change.to,
        from(({ takes }) => takes === true),
        change.by,
        from(({ back }) => !back),
        from(({ back }) => back === true),
        change.ifVersions ?? null,
        change.comment ?? null,
        change.announcedTo ?? null,
      ],
    );
    if (row?.previousStatus) {
      return { order: toOrder(row), from: row.previousStatus, isAnnounced: row.isAnnounced };
    }
    throw await this.refusal(change);
  }

  override async find(id: string, visibility: Visibility): Promise<Order | undefined> {
    const row = await this.orders.findOneBy({ id, ...ownOnly(visibility) });
    return row ? toOrder(row) : undefined;
  }

  override async history(id: string, visibility: Visibility): Promise<readonly OrderHistoryEntry[] | undefined> {
    const rows = await this.orders
      .createQueryBuilder('o')
      .select(['o.id AS "orderId"', 'c.version AS version', 'c.from_status AS "from"', 'c.to_status AS "to"'])
      .addSelect(['c.changed_by AS "by"', 'c.changed_at AS "at"', 'c.comment AS comment'])
      .leftJoin(OrderStatusChangeEntity, 'c', 'c.order_id = o.id')
      .where({ id, ...ownOnly(visibility) })
      .orderBy('c.version')
      .getRawMany<OrderStatusChangeEntity | { readonly version: null }>();
    if (rows.length === 0) return undefined;
    return rows
      .filter((row) => row.version !== null)
      .map(({ version, from, to, by, at, comment }) => ({ version, from, to, by, at, comment: comment ?? undefined }));
  }

  override async list(list: OrderPageRequest): Promise<OrderPage> {
    const { sql, parameters } = orderPageSql(list, this.columns);
    const rows = await this.orders.query<OrderEntity[]>(sql, parameters);
    const orders = rows.slice(0, list.limit).map(toOrder);
    const last = orders.at(-1);
    return { orders, next: last && rows.length > list.limit ? positionAfter(last, list.sort) : undefined };
  }

  override async total(filter: OrderFilter, visibility: Visibility): Promise<OrderTotal> {
    const { sql, parameters } = orderTotalSql(filter, visibility);
    return totalOf(filter, await this.orders.query<Counted[]>(sql, parameters));
  }

  override async count(lastHour: Date, hours: number): Promise<OrderCounts> {
    const firstHour = new Date(lastHour.getTime() - (hours - 1) * HOUR);
    const [row] = await this.orders.query<CountsRow[]>(
      `SELECT
        (SELECT json_object_agg(status, total)
          FROM (SELECT status, sum(count) AS total FROM order_status_counts GROUP BY status) AS totals) AS counts,
        (SELECT min(created_at) FROM orders WHERE status = 'NEW') AS oldest,
        (SELECT json_agg(coalesce(total, 0) ORDER BY wanted.hour)
          FROM generate_series($1::timestamptz, $2::timestamptz, interval '1 hour') AS wanted (hour)
          LEFT JOIN (SELECT hour, sum(count) AS total FROM order_arrivals
            WHERE hour BETWEEN $1 AND $2 GROUP BY hour) AS arrived USING (hour)) AS arrivals,
        clock_timestamp() AS as_of`,
      [firstHour, lastHour],
    );
    if (!row) throw new Error('the query of the counts returned no row');
    const byStatus = Object.fromEntries(ORDER_STATUSES.map((status) => [status, row.counts?.[status] ?? 0]));
    return {
      byStatus: byStatus as Record<OrderStatus, number>,
      oldestNewOrderAt: row.oldest ?? undefined,
      createdByHour: row.arrivals.map((count, i) => ({ hour: new Date(firstHour.getTime() + i * HOUR), count })),
      asOf: row.as_of,
    };
  }

  private async insert(order: NewOrder): Promise<Pick<Creation, 'order' | 'isAnnounced'>> {
    const values: Readonly<Record<string, unknown>> = {
      id: order.id,
      external_id: order.externalId,
      source: order.source,
      customer_id: order.customer.id,
      customer_name: order.customer.name,
      product_name: order.product.name,
      product_model_url: order.product.modelUrl,
      material: order.material,
      quantity: order.quantity,
      price_amount: order.price?.amount,
      price_currency: order.price?.currency,
      priority: order.priority,
      due_at: order.dueAt,
      comment: order.comment,
      created_by: order.createdBy,
      idempotency_key: order.idempotency?.key,
      idempotency_hash: order.idempotency?.hash,
    };
    const names = Object.keys(values);
    const [row] = await this.orders.query<(OrderEntity & AnnouncementOutcome)[]>(
      `INSERT INTO orders AS o (${names.join(', ')}) VALUES (${names.map((_, i) => `$${i + 1}`).join(', ')})
       RETURNING ${this.columns}, ${announcement(`$${names.length + 1}`)}`,
      [...Object.values(values), order.announcedTo ?? null],
    );
    if (!row) throw new Error('the inserted order was not returned');
    return { order: toOrder(row), isAnnounced: row.isAnnounced };
  }

  /** The reason why nothing was changed, from the current state of the order, which may have changed again since. */
  private async refusal(change: ChangeStatus): Promise<Error> {
    const order = await this.find(change.orderId, { scope: 'all' });
    if (!order) return new OrderNotFoundError();
    if (change.ifVersions && !change.ifVersions.includes(order.version)) return new VersionMismatchError(order);
    return new IllegalTransitionError(order, change.to);
  }
}

/**
 * A column for RETURNING: whether all instances use the store of the announcement. If not, a trigger at the end of the statement
 * notifies all instances.
 */
function announcement(parameter: string): string {
  return `announce_write(${parameter}) AS "isAnnounced"`;
}

function ownOnly(visibility: Visibility): { createdBy?: string } {
  return visibility.scope === 'own' ? { createdBy: visibility.creator } : {};
}

function violatedUniqueConstraint(error: unknown): string | undefined {
  if (!(error instanceof QueryFailedError)) return undefined;
  const { code, constraint } = error.driverError as { code?: string; constraint?: string };
  return code === '23505' ? constraint : undefined;
}

function toOrder(row: OrderEntity): Order {
  return {
    id: row.id,
    number: row.number,
    externalId: row.externalId ?? undefined,
    source: row.source,
    customer: { id: row.customerId, name: row.customerName },
    product: { name: row.productName, modelUrl: row.productModelUrl ?? undefined },
    material: row.material,
    quantity: row.quantity,
    price:
      row.priceAmount !== null && row.priceCurrency !== null
        ? { amount: row.priceAmount, currency: row.priceCurrency }
        : undefined,
    priority: row.priority,
    dueAt: row.dueAt ?? undefined,
    comment: row.comment ?? undefined,
    status: row.status,
    previousStatus: row.previousStatus ?? undefined,
    assignee: row.assignee ?? undefined,
    version: row.version,
    createdBy: row.createdBy,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
