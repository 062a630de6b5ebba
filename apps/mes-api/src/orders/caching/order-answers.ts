import { toAnswer, type CacheDescription, type WrittenThrough } from '@mes/cache';
import type { FastifyRequest } from 'fastify';
import { visibilityOf } from '../../auth/visibility-of.js';
import { orderIdOf } from '../dto/order-id.js';
import { ListOrdersDto } from '../dto/list-orders.dto.js';
import { presentOrder, type OrderDto } from '../dto/order.dto.js';
import { validateQuery } from '../../validation/validate-query.js';
import type { Order } from '../order.js';
import { visibilityKey, type Visibility } from '../visibility.js';
import { listTags, orderTag } from './order-tags.js';

/** A page of the list: its key is the validated and normalised query, and what the caller may see. */
export function orderListAnswer(request: FastifyRequest): CacheDescription {
  const query = validateQuery(ListOrdersDto, request);
  return {
    key: `orders:${visibilityKey(visibilityOf(request))}:${query.normalised()}`,
    tags: listTags(query.status),
  };
}

/** One order. Its entity tag is its version, so that it can be given back in `If-Match`. */
export function orderAnswer(request: FastifyRequest): CacheDescription {
  return { ...orderQuestion(orderIdOf(request), visibilityOf(request)), entityTag: versionTag };
}

/** The past status changes of one order. */
export function orderHistoryAnswer(request: FastifyRequest): CacheDescription {
  const id = orderIdOf(request);
  return { key: `order:${id}:history:${visibilityKey(visibilityOf(request))}`, tags: [orderTag(id)] };
}

/** The answers that will be given for an order that was just written: to its creator, and to those who see all. */
export function writtenOrder(order: Order): readonly WrittenThrough[] {
  const answer = toAnswer(presentOrder(order), versionTag);
  const visibilities: Visibility[] = [{ scope: 'all' }, { scope: 'own', creator: order.createdBy }];
  return visibilities.map((visibility) => ({ question: orderQuestion(order.id, visibility), answer }));
}

/** The entity tag of an order: `"<version>"`. */
export function versionTag({ version }: Pick<OrderDto, 'version'>): string {
  return `"${version}"`;
}

function orderQuestion(id: string, visibility: Visibility): CacheDescription {
  return { key: `order:${id}:${visibilityKey(visibility)}`, tags: [orderTag(id)] };
}
