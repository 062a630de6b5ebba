import { toCachedResponse, type CacheDescription, type KeyAndTags, type Tag, type WrittenThrough } from '@mes/cache';
import type { FastifyRequest } from 'fastify';
import { callerOf } from '../../auth/caller.js';
import { visibilityOf } from '../visibility-of.js';
import { orderIdOf } from '../dto/order-id.js';
import { ListOrdersDto } from '../dto/list-orders.dto.js';
import { presentOrder, type OrderDto } from '../dto/order.dto.js';
import { refuseParameters, validateQuery } from '../../validation/validate-query.js';
import { type Order, type Visibility, visibilityKey } from '../order.js';
import { listTags, orderTag } from './order-tags.js';

/** A page of the list: its key is the validated and normalised query, and what the caller may see. */
export function orderListAnswer(request: FastifyRequest): CacheDescription {
  return { ...listQuestion(validateQuery(ListOrdersDto, request), visibilityOf(request)), asker: askerOf(request) };
}

/** Of queries that are asked again, which are the same object then, it is known already what they ask for. */
const normalised = new WeakMap<Readonly<ListOrdersDto>, { readonly text: string; readonly tags: readonly Tag[] }>();

/** A page of the list, for whoever sees this much. */
export function listQuestion(query: Readonly<ListOrdersDto>, visibility: Visibility): KeyAndTags {
  let known = normalised.get(query);
  if (!known) normalised.set(query, (known = { text: query.normalised(), tags: listTags(query.status) }));
  const { text, tags } = known;
  return { key: `orders:${visibilityKey(visibility)}:${text}`, tags };
}

/** One order. Its entity tags begin with its version, so that they can be given back in `If-Match`. */
export function orderAnswer(request: FastifyRequest): CacheDescription {
  refuseParameters(request);
  const question = orderQuestion(orderIdOf(request), visibilityOf(request));
  return { ...question, asker: askerOf(request), version: versionOf };
}

/** The past status changes of one order. */
export function orderHistoryAnswer(request: FastifyRequest): CacheDescription {
  refuseParameters(request);
  const id = orderIdOf(request);
  const key = `order:${id}:history:${visibilityKey(visibilityOf(request))}`;
  return { key, tags: [orderTag(id)], asker: askerOf(request) };
}

/** The answer that will be given, for an order that was just created, to its creator and to those who see all. */
export function writtenOrder(order: Order): Pick<WrittenThrough, 'tag' | 'keys' | 'answer'> {
  const visibilities: Visibility[] = [{ scope: 'all' }, { scope: 'own', creator: order.createdBy }];
  return {
    tag: orderTag(order.id),
    keys: visibilities.map((visibility) => orderQuestion(order.id, visibility).key),
    answer: toCachedResponse(presentOrder(order), versionOf),
  };
}

function askerOf(request: FastifyRequest): string {
  return callerOf(request).subject;
}

function versionOf({ version }: Pick<OrderDto, 'version'>): string {
  return String(version);
}

/** What a write is answered with, for `If-Match`: `"<version>"`. */
export function versionTag({ version }: Pick<OrderDto, 'version'>): string {
  return `"${version}"`;
}

function orderQuestion(id: string, visibility: Visibility): CacheDescription {
  return { key: `order:${id}:${visibilityKey(visibility)}`, tags: [orderTag(id)] };
}
