import type { CreatedValue, KeyAndTags, RouteDescription, Tag } from '@mes/cache';
import type { FastifyRequest } from 'fastify';
import { callerOf } from '../../auth/caller.js';
import { visibilityOf } from '../visibility-of.js';
import { orderIdOf } from '../dto/order-id.js';
import { ListOrdersDto } from '../dto/list-orders.dto.js';
import { OrderFilterDto } from '../dto/order-filter.dto.js';
import { presentOrder, type OrderDto } from '../dto/order.dto.js';
import { refuseParameters, validateQuery } from '../../validation/validate-query.js';
import { type Order, type Visibility, visibilityKey } from '../order.js';
import { listTags, orderTag } from './order-tags.js';

/** A page of the list. Its key is the validated and normalised query, and what the caller may see. */
export function cachedOrderList(request: FastifyRequest): RouteDescription {
  return { ...listKeyAndTags(validateQuery(ListOrdersDto, request), visibilityOf(request)), asker: askerOf(request) };
}

/** The number of orders in a list. It changes with the same writes as the list. */
export function cachedOrderTotal(request: FastifyRequest): RouteDescription {
  return { ...totalKeyAndTags(validateQuery(OrderFilterDto, request), visibilityOf(request)), asker: askerOf(request) };
}

/** A page of the list for callers with this visibility. */
export function listKeyAndTags(query: Readonly<ListOrdersDto>, visibility: Visibility): KeyAndTags {
  const { text, tags } = normalised(query, () => query.normalised());
  return { key: `orders:${visibilityKey(visibility)}:${text}`, tags };
}

/** The number of orders for callers with this visibility. */
export function totalKeyAndTags(query: Readonly<OrderFilterDto>, visibility: Visibility): KeyAndTags {
  const { text, tags } = normalised(query, () => query.normalisedFilter());
  return { key: `orders:count:${visibilityKey(visibility)}:${text}`, tags };
}

interface Normalised {
  readonly text: string;
  readonly tags: readonly Tag[];
}

const known = new WeakMap<Readonly<OrderFilterDto>, Normalised>();

/** Repeated queries are the same object, so they are normalised once. */
function normalised(query: Readonly<OrderFilterDto>, textOf: () => string): Normalised {
  let result = known.get(query);
  if (!result) known.set(query, (result = { text: textOf(), tags: listTags(query.filter().status) }));
  return result;
}

/** One order. Its entity tags begin with its version, so that clients can give them back in `If-Match`. */
export function cachedOrder(request: FastifyRequest): RouteDescription {
  refuseParameters(request);
  const keyAndTags = orderKeyAndTags(orderIdOf(request), visibilityOf(request));
  return { ...keyAndTags, asker: askerOf(request), version: versionOf };
}

/** The past changes of one order. */
export function cachedOrderHistory(request: FastifyRequest): RouteDescription {
  refuseParameters(request);
  const id = orderIdOf(request);
  const key = `order:${id}:history:${visibilityKey(visibilityOf(request))}`;
  return { key, tags: [orderTag(id)], asker: askerOf(request) };
}

/** A created order, as its creator and callers who see all orders ask for it. */
export function writtenOrder(order: Order): readonly CreatedValue[] {
  const visibilities: Visibility[] = [{ scope: 'all' }, { scope: 'own', creator: order.createdBy }];
  return visibilities.map((visibility) => ({
    keys: [orderKeyAndTags(order.id, visibility).key],
    value: presentOrder(order, visibility),
    version: versionOf(order),
  }));
}

function askerOf(request: FastifyRequest): string {
  return callerOf(request).subject;
}

function versionOf({ version }: Pick<OrderDto, 'version'>): string {
  return String(version);
}

/** The entity tag of the answer to a write, for `If-Match`: `"<version>"`. */
export function versionTag({ version }: Pick<OrderDto, 'version'>): string {
  return `"${version}"`;
}

function orderKeyAndTags(id: string, visibility: Visibility): RouteDescription {
  return { key: `order:${id}:${visibilityKey(visibility)}`, tags: [orderTag(id)] };
}
