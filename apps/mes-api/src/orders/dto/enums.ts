import { namedEnum } from '../../openapi/named-enums.js';
import { CHANGEABLE_FIELDS } from '../order-change.js';
import { HOLD_REASONS, ORDER_STATUSES } from '../order-status.js';
import { ORDER_PRIORITIES, ORDER_SOURCES } from '../order.js';

export const ORDER_STATUS = namedEnum('OrderStatus', ORDER_STATUSES);
export const ORDER_PRIORITY = namedEnum('OrderPriority', ORDER_PRIORITIES);
export const ORDER_SOURCE = namedEnum('OrderSource', ORDER_SOURCES);
export const HOLD_REASON = namedEnum('HoldReason', HOLD_REASONS);
export const CHANGEABLE_FIELD = namedEnum('ChangeableField', CHANGEABLE_FIELDS);
