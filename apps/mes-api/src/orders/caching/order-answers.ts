import { toAnswer, type CacheDescription, type Question, type Tag, type WrittenThrough } from '@mes/cache';
import type { FastifyRequest } from 'fastify';
import { visibilityOf } from '../../auth/visibility-of.js';
import { orderIdOf } from '../dto/order-id.js';
import { ListOrdersDto } from '../dto/list-orders.dto.js';
import { presentOrder, type OrderDto } from '../dto/order.dto.js';
import { refuseParameters } from '../../validation/refuse-parameters.js';
import { validateQuery } from '../../validation/validate-query.js';
import type { Order } from '../order.js';
import { visibilityKey, type Visibility } from '../visibility.js';
import { listTags, orderTag } from './order-tags.js';

/** A page of the list: its key is the validated and normalised query, and what the caller may see. */
export function orderListAnswer(request: FastifyRequest): CacheDescription {
  return listQuestion(validateQuery(ListOrdersDto, request), visibilityOf(request));
}

/** Of queries that are asked again, which are the same object then, it is known already what they ask for. */
const normalised = new WeakMap<Readonly<ListOrdersDto>, { readonly text: string; readonly tags: readonly Tag[] }>();

/** A page of the list, for whoever sees this much. */
export function listQuestion(query: Readonly<ListOrdersDto>, visibility: Visibility): Question {
  let known = normalised.get(query);
  if (!known) normalised.set(query, (known = { text: query.normalised(), tags: listTags(query.status) }));
  const { text, tags } = known;
  return { key: `orders:${visibilityKey(visibility)}:${text}`, tags };
}

/** One order. Its entity tag is its version, so that it can be given back in `If-Match`. */
export function orderAnswer(request: FastifyRequest): CacheDescription {
  refuseParameters(request);
  return { ...orderQuestion(orderIdOf(request), visibilityOf(request)), entityTag: versionTag };
}

/** The past status changes of one order. */
export function orderHistoryAnswer(request: FastifyRequest): CacheDescription {
  refuseParameters(request);
  const id = orderIdOf(request);
  return { key: `order:${id}:history:${visibilityKey(visibilityOf(request))}`, tags: [orderTag(id)] };
}

/** The answer that will be given, for an order that was just created, to its creator and to those who see all. */
export function writtenOrder(order: Order): Pick<WrittenThrough, 'tag' | 'keys' | 'answer'> {
  const visibilities: Visibility[] = [{ scope: 'all' }, { scope: 'own', creator: order.createdBy }];
  return {
    tag: orderTag(order.id),
    keys: visibilities.map((visibility) => orderQuestion(order.id, visibility).key),
    answer: toAnswer(presentOrder(order), versionTag),
  };
}

/** The entity tag of an order: `"<version>"`. */
export function versionTag({ version }: Pick<OrderDto, 'version'>): string {
  return `"${version}"`;
}

function orderQuestion(id: string, visibility: Visibility): CacheDescription {
  return { key: `order:${id}:${visibilityKey(visibility)}`, tags: [orderTag(id)] };
}
