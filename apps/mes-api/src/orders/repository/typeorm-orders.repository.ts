import { ServerClock } from '@mes/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { QueryFailedError, type Repository } from 'typeorm';
import {
  ChangeNotAllowedError,
  ExternalIdTakenError,
  IdempotencyKeyReusedError,
  IllegalTransitionError,
  OrderNotFoundError,
  OrderOfAnotherError,
  OrderRoleMissingError,
  VersionMismatchError,
  type OrderError,
} from '../order-errors.js';
import { FailedAfterCommitError } from '../../database-errors/database-away.js';
import { differences, permittedChanges } from '../order-change.js';
import type { DueCount, OrderThroughput, Workload } from '../order-figures.js';
import type { OrderHistory } from '../order-history.js';
import { asCreated, type Actor, type Order, type Visibility } from '../order.js';
import { ORDER_STATUSES, TRANSITIONS, transitionsTo, type OrderStatus, type Transition } from '../order-status.js';
import { ALL_CHANGES, ALL_ORDERS } from './all-orders.sql.js';
import { orderPageSql, positionAfter } from './order-page.sql.js';
import { dueSql } from './order-due.sql.js';
import { throughputOf, throughputSql, type ThroughputRow } from './order-throughput.sql.js';
import { WORKLOAD_SQL, workloadOf, type WorkloadRow } from './order-workload.sql.js';
import { orderTotalSql, totalOf, type Counted } from './order-total.sql.js';
import { OrderStatusChangeEntity } from './order-status-change.entity.js';
import { OrderEntity } from './order.entity.js';
import {
  OrdersRepository,
  type ArchivedOrders,
  type ArchiveOrders,
  type ChangeFields,
  type ChangeStatuses,
  type Creation,
  type AnnouncedWrite,
  type AnnouncementOutcome,
  type FieldsChange,
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
  readonly oldest: { readonly id: string; readonly number: number; readonly created_at: string } | null;
  readonly arrivals: readonly number[];
  readonly as_of: Date;
}

/** A status or fields change; without one, the order alone. */
type HistoryRow = Pick<OrderEntity, 'createdAt' | 'status'> &
  (OrderStatusChangeEntity | { readonly [name in keyof OrderStatusChangeEntity]: null });

const HOUR = 60 * 60_000;

/** How often a change of fields is tried against other writers of the same order. */
const MAX_ATTEMPTS = 50;

/**
 * Orders in PostgreSQL. On its usual path, each method is one statement: one transaction and one round trip. A change of fields also
 * reads the order first. No lock is held between statements, so a slow or dying instance keeps nobody waiting.
 */
@Injectable()
export class TypeOrmOrdersRepository extends OrdersRepository {
  /** All columns of an order, with the names of the entity's properties. */
  private readonly columns: string;

  constructor(
    @InjectRepository(OrderEntity) private readonly orders: Repository<OrderEntity>,
    private readonly clock: ServerClock,
  ) {
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
        if (earlier) return { order: asCreated(earlier.order, order), repeated: true, isAnnounced: false };
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
      `SELECT ${this.columns}, o.idempotency_hash AS hash FROM ${ALL_ORDERS} o
       WHERE o.created_by = $1 AND o.idempotency_key = $2`,
      [createdBy, key],
    );
    return row && { order: toOrder(row), hash: row.hash };
  }

  override async changeStatuses(change: ChangeStatuses): Promise<readonly (StatusChange | OrderError)[]> {
    const { to, by, visibility, reason, comment } = change;
    const steps = transitionsTo(to).filter(({ byCreator }) => by.role !== 'creator' || byCreator);
    const from = (wanted: (step: Transition) => boolean): OrderStatus[] =>
      steps.filter(wanted).map((step) => step.from);
    const isOwn = ({ releases }: Transition): boolean => releases === true && by.role !== 'admin';

    // PostgreSQL locks the rows and then checks the conditions, so of concurrent changes one succeeds, and a refusal tells the state
    // for which it was made. It locks several rows in the order of their ids, so that concurrent changes cannot deadlock.
    const rows = await this.orders.query<(OrderEntity & AnnouncementOutcome & { readonly isChanged: boolean })[]>(
      `WITH held AS MATERIALIZED (
        SELECT o.*, (
          (o.status = ANY($2::order_status[])
            OR (o.status = ANY($3::order_status[]) AND o.previous_status = $4::order_status)
            OR (o.status = ANY($5::order_status[]) AND o.assignee = $6))
          AND (w."ifVersions" IS NULL OR o.version = ANY(w."ifVersions"))
          AND ($7::text IS NULL OR o.created_by = $7)
        ) IS TRUE AS is_permitted
        FROM json_to_recordset($1) AS w (id uuid, "ifVersions" integer[]) JOIN orders o USING (id)
        WHERE $14::text IS NULL OR o.created_by = $14
        ORDER BY o.id FOR UPDATE OF o
      ), changed AS (
        UPDATE orders AS o SET
          previous_status = o.status,
          status = $4::order_status,
          hold_reason = $8::hold_reason,
          assignee = CASE WHEN o.status = ANY($9::order_status[]) THEN $6
            WHEN o.status = ANY($10::order_status[]) THEN NULL ELSE o.assignee END,
          version = o.version + 1,
          updated_at = clock_timestamp()
        FROM held WHERE o.id = held.id AND held.is_permitted
        RETURNING o.*, ${announcement(12)}
      ), noted AS (
        INSERT INTO order_status_changes
          (order_id, version, from_status, to_status, changed_by, changed_at, reason, comment)
        SELECT id, version, previous_status, status, $6, updated_at, hold_reason, $11 FROM changed
      )
      SELECT ${this.columns}, true AS "isChanged", o."isAnnounced" FROM changed o
      UNION ALL
      SELECT ${this.columns}, false, false FROM held o WHERE NOT o.is_permitted`,
      [
        JSON.stringify(change.orders),
        from((step) => !step.back && !isOwn(step)),
        from(({ back }) => back === true),
        to,
        from(isOwn),
        by.subject,
        by.role === 'creator' ? by.subject : null,
        reason ?? null,
        from(({ takes }) => takes === true),
        from(({ releases }) => releases === true),
        comment ?? null,
        ...this.announcedIn(change),
        creatorOf(visibility),
      ],
    );
    const changed = new Map(rows.filter(({ isChanged }) => isChanged).map((row) => [row.id, row]));
    const { refused, earlier } = await this.explain(change, rows).catch((error: unknown) => {
      // The orders that did change are committed.
      throw changed.size > 0 ? new FailedAfterCommitError(error) : error;
    });
    return change.orders.map(({ id, ifVersions }) => {
      const row = changed.get(id);
      const order = row ? toOrder(row) : refused.get(id);
      if (!order) return new OrderNotFoundError();
      if (row && order.previousStatus) {
        return { order, from: order.previousStatus, repeated: false, isAnnounced: row.isAnnounced };
      }
      const isWanted = (version: number): boolean => ifVersions?.includes(version) ?? true;
      const from = earlier.get(id);
      if (from && isWanted(order.version - 1)) return { order, from, repeated: true, isAnnounced: false };
      return isWanted(order.version) ? refusal(order, to, by) : new VersionMismatchError(order);
    });
  }

  override async changeFields(change: ChangeFields): Promise<FieldsChange> {
    const { id, ifVersions } = change.order;
    const { wanted, by } = change;
    let order = await this.present(id);
    // Whenever the change comes too late, another writer has changed the order.
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      if (ifVersions && !ifVersions.includes(order.version)) {
        const isRepeated = differences(order, wanted).length === 0 && (await this.isChangeBy(by, order, ifVersions));
        if (isRepeated) return { order, changes: [], isAnnounced: false };
        throw new VersionMismatchError(order);
      }
      const changes = permittedChanges(order, wanted, by, new Date());
      if (changes.length === 0) return { order, changes, isAnnounced: false };

      const { priority = order.priority, dueAt = order.dueAt, assignee = order.assignee } = wanted;
      const [row] = await this.orders.query<(OrderEntity & AnnouncementOutcome)[]>(
        `WITH changed AS (
          UPDATE orders SET priority = $3, due_at = $4, assignee = $5, version = version + 1, updated_at = clock_timestamp()
          WHERE id = $1 AND version = $2
          RETURNING *, ${announcement(8)}
        ), noted AS (
          INSERT INTO order_status_changes (order_id, version, changed_by, changed_at, changes)
          SELECT id, version, $6, updated_at, $7 FROM changed
        )
        SELECT ${this.columns}, o."isAnnounced" FROM changed o`,
        [
          ...[id, order.version, priority, dueAt ?? null, assignee ?? null, by.subject],
          ...[JSON.stringify(changes), ...this.announcedIn(change)],
        ],
      );
      if (row) return { order: toOrder(row), changes, isAnnounced: row.isAnnounced };
      order = await this.present(id);
    }
    throw new ChangeNotAllowedError(order, 'Other callers kept changing the order at the same time. Try again.');
  }

  override async archive(work: ArchiveOrders): Promise<ArchivedOrders> {
    const { afterDays, most, pause, rest } = work;
    const [row] = await this.orders.query<ArchivedOrders[]>(
      `SELECT moved, is_more AS "isMore" FROM archive_orders(
        ${storeIfInTime(1)}, make_interval(days => $3), $4, $5 * interval '1 millisecond', $6 * interval '1 millisecond')`,
      [...this.announcedIn(work), afterDays, most, pause, rest],
    );
    if (!row) throw new Error('the function that archives orders returned no row');
    return row;
  }

  override async find(id: string, visibility: Visibility): Promise<Order | undefined> {
    const [order] = await this.findAll(ALL_ORDERS, [id], visibility);
    return order;
  }

  override async history(id: string, visibility: Visibility): Promise<OrderHistory | undefined> {
    const rows = await this.orders.query<HistoryRow[]>(
      `SELECT o.created_at AS "createdAt", o.status, c.version, c.from_status AS "from", c.to_status AS "to", c.reason, c.comment,
        c.changed_by AS "by", c.changed_at AS "at", c.changes
       FROM ${ALL_ORDERS} o LEFT JOIN ${ALL_CHANGES} c ON c.order_id = o.id
       WHERE o.id = $1 AND ($2::text IS NULL OR o.created_by = $2)
       ORDER BY c.version`,
      [id, creatorOf(visibility)],
    );
    const [order] = rows;
    if (!order) return undefined;
    const entries = rows.filter((row) => row.version !== null);
    return {
      createdAt: order.createdAt,
      status: order.status,
      steps: entries.flatMap(({ from, to, by, at, version, reason, comment }) =>
        from && to ? [{ from, to, by, at, version, reason: reason ?? undefined, comment: comment ?? undefined }] : [],
      ),
      changes: entries.flatMap(({ changes, by, at, version }) =>
        (changes ?? []).map((change) => ({ ...change, by, at, version })),
      ),
    };
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
        (SELECT row_to_json(first) FROM (
          SELECT id, number, created_at FROM orders WHERE status = 'NEW' ORDER BY created_at, id LIMIT 1) AS first) AS oldest,
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
      oldestNewOrder: row.oldest
        ? { id: row.oldest.id, number: row.oldest.number, createdAt: new Date(row.oldest.created_at) }
        : undefined,
      createdByHour: row.arrivals.map((count, i) => ({ hour: new Date(firstHour.getTime() + i * HOUR), count })),
      asOf: row.as_of,
    };
  }

  override async countDue(at: Date): Promise<readonly DueCount[]> {
    const { sql, parameters } = dueSql(at);
    return this.orders.query<DueCount[]>(sql, parameters);
  }

  override async throughput(lastHour: Date, hours: number): Promise<OrderThroughput> {
    const { sql, parameters } = throughputSql(lastHour, hours);
    const [row] = await this.orders.query<ThroughputRow[]>(sql, parameters);
    if (!row) throw new Error('the query of the throughput returned no row');
    return throughputOf(row);
  }

  override async workload(): Promise<Workload> {
    return workloadOf(await this.orders.query<WorkloadRow[]>(WORKLOAD_SQL));
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
       RETURNING ${this.columns}, ${announcement(names.length + 1)}`,
      [...Object.values(values), ...this.announcedIn(order)],
    );
    if (!row) throw new Error('the inserted order was not returned');
    return { order: toOrder(row), isAnnounced: row.isAnnounced };
  }

  /** The two parameters of an announcement. */
  private announcedIn({ announced }: AnnouncedWrite): readonly [store: string | null, until: number] {
    const until = announced && this.clock.at(announced.until);
    return until === undefined ? [null, 0] : [announced?.store ?? null, until];
  }

  /** The orders that did not change, those in the archive included, and the statuses before those changes that were made earlier. */
  private async explain(
    change: ChangeStatuses,
    rows: readonly (OrderEntity & { readonly isChanged: boolean })[],
  ): Promise<{ readonly refused: ReadonlyMap<string, Order>; readonly earlier: ReadonlyMap<string, OrderStatus> }> {
    const refused = rows.filter(({ isChanged }) => !isChanged).map(toOrder);
    if (rows.length < change.orders.length) {
      const missing = change.orders.map(({ id }) => id).filter((id) => !rows.some((row) => row.id === id));
      refused.push(...(await this.findAll('archived_orders', missing, change.visibility)));
    }
    const earlier = await this.madeEarlier(change, refused);
    return { refused: new Map(refused.map((order) => [order.id, order])), earlier };
  }

  private async findAll(table: string, ids: readonly string[], visibility: Visibility): Promise<Order[]> {
    const rows = await this.orders.query<OrderEntity[]>(
      `SELECT ${this.columns} FROM ${table} o
       WHERE o.id = ANY($1::uuid[]) AND ($2::text IS NULL OR o.created_by = $2)`,
      [ids, creatorOf(visibility)],
    );
    return rows.map(toOrder);
  }

  /**
   * The orders whose last change was an identical one of the same caller, and the statuses before. A repeated request is no refusal:
   * the caller may not have received the answer. It is another statement, which sees what was committed before the orders were locked.
   */
  private async madeEarlier(
    { to, by, reason, comment }: ChangeStatuses,
    orders: readonly Order[],
  ): Promise<ReadonlyMap<string, OrderStatus>> {
    const candidates = orders.filter(({ status }) => status === to).map(({ id, version }) => ({ id, version }));
    if (candidates.length === 0) return new Map();
    const rows = await this.orders.query<{ readonly id: string; readonly from: OrderStatus }[]>(
      `SELECT c.order_id AS id, c.from_status AS "from"
       FROM json_to_recordset($1) AS w (id uuid, version integer)
       JOIN ${ALL_CHANGES} c ON c.order_id = w.id AND c.version = w.version
       WHERE c.to_status = $2 AND c.changed_by = $3 AND c.reason IS NOT DISTINCT FROM $4::hold_reason
         AND c.comment IS NOT DISTINCT FROM $5`,
      [JSON.stringify(candidates), to, by.subject, reason ?? null, comment ?? null],
    );
    return new Map(rows.map(({ id, from }) => [id, from]));
  }

  /** @throws {OrderNotFoundError} */
  private async present(id: string): Promise<Order> {
    const order = await this.find(id, { scope: 'all' });
    if (!order) throw new OrderNotFoundError();
    return order;
  }

  /** Whether this caller changed fields of the order last, when it had one of these versions. */
  private async isChangeBy(
    { subject }: Actor,
    { id, version }: Order,
    ifVersions: readonly number[],
  ): Promise<boolean> {
    if (!ifVersions.includes(version - 1)) return false;
    const rows = await this.orders.query<unknown[]>(
      `SELECT FROM order_status_changes WHERE order_id = $1 AND version = $2 AND changed_by = $3 AND changes IS NOT NULL`,
      [id, version, subject],
    );
    return rows.length > 0;
  }
}

function refusal(order: Order, to: OrderStatus, by: Actor): OrderError {
  if (by.role === 'creator' && order.createdBy !== by.subject) {
    return new OrderRoleMissingError('Changing an order of another creator requires the role operator or admin.');
  }
  const isOfAnother = TRANSITIONS.some((step) => step.from === order.status && step.to === to && step.releases);
  return isOfAnother && by.role === 'operator' && order.assignee !== by.subject
    ? new OrderOfAnotherError(order)
    : new IllegalTransitionError(order, to);
}

/**
 * A column for RETURNING: whether the announcement holds. If not, a trigger at the end of the statement notifies all instances.
 *
 * @param first the number of the first of its two parameters
 */
function announcement(first: number): string {
  return `announce_write(${storeIfInTime(first)}) AS "isAnnounced"`;
}

/**
 * The store of an announcement. NULL if the statement reaches PostgreSQL so late that the pending write may have expired: after a
 * network or a server has stood still, PostgreSQL executes what its client has long given up.
 */
function storeIfInTime(first: number): string {
  return `CASE WHEN clock_timestamp() < to_timestamp($${first + 1}::float8 / 1000) THEN $${first}::text END`;
}

/** The creator whose orders alone are visible; null if all are. */
function creatorOf(visibility: Visibility): string | null {
  return visibility.scope === 'own' ? visibility.creator : null;
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
    holdReason: row.holdReason ?? undefined,
    assignee: row.assignee ?? undefined,
    version: row.version,
    createdBy: row.createdBy,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
