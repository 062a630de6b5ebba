const DAY = 24 * 60 * 60_000;
const YEARS = 4 * 365 * DAY;

/** Fraction of the orders, the newest ones, that may be unfinished, and their least number: every status needs some. */
const OPEN = { share: 0.04, least: 2_000 };

const PARTNERS = 50;
const OPERATORS = 40;

/** Materials, the frequent ones first. */
const MATERIALS = [
  ...['Gold 585', 'Silver 925', 'White gold 585', 'Gold 750', 'Rose gold 585', 'White gold 750', 'Platinum 950'],
  ...['Rose gold 750', 'Gold 375', 'Silver 875', 'Gold 916', 'Palladium 500', 'Green gold 585', 'Steel 316L'],
  ...['Titanium', 'Bronze', 'Brass', 'Platinum 900', 'Palladium 950', 'Silver 999'],
];

const PIECES = [
  ...['Engagement ring', 'Wedding ring', 'Signet ring, oval', 'Stud earrings', 'Drop earrings', 'Pendant', 'Brooch'],
  ...['Cross pendant', 'Anchor chain, 50 cm', 'Tennis bracelet', 'Bangle', 'Cufflinks', 'Tie pin', 'Medallion'],
  ...['Помолвочное кольцо', 'Обручальное кольцо', 'Перстень овальный', 'Серьги-пусеты', 'Подвеска', 'Крестик'],
  ...['Цепь якорная, 50 см', 'Теннисный браслет', 'Браслет жёсткий', 'Брошь', 'Запонки'],
];

const STONES = [
  ...['', '', '', ', diamond 0.25 ct', ', diamond 0.5 ct', ', diamond 1 ct', ', sapphire 0.7 ct', ', emerald 0.4 ct'],
  ...[', ruby 0.3 ct', ', topaz 1.5 ct', ', amethyst 1 ct', ' с бриллиантом 0,3 ct', ' с сапфиром 0,5 ct'],
];

const FIRST_NAMES = [
  ...['Emma', 'Olivia', 'Sophie', 'Hannah', 'Clara', 'Julia', 'Laura', 'Camille', 'Chloé', 'Giulia', 'Elena', 'Zoë'],
  ...['Ingrid', 'Astrid', 'Lucía', 'Amélie', 'James', 'Oliver', 'Thomas', 'Lukas', 'Matteo', 'Hugo', 'Jan', 'Erik'],
  ...['Мария', 'Анна', 'Ольга', 'Наталья', 'Екатерина', 'Татьяна', 'Ирина', 'Светлана', 'Юлия', 'Дарья', 'Ксения'],
  ...['Александра', 'Полина', 'Алиса', 'Вера', 'Людмила', 'Галина', 'Евгения', 'Виктория', 'Софья'],
];

const SURNAMES = [
  ...['Smith', 'Taylor', 'Evans', 'Walker', 'Müller', 'Schmidt', 'Weber', 'Fischer', 'Dubois', 'Moreau', 'Laurent'],
  ...['Rossi', 'Bianchi', 'Ferrari', 'Jansen', 'de Vries', 'van Dijk', 'Andersson', 'Lindqvist', 'Nielsen', 'Hansen'],
  ...["O'Brien", 'Murphy', 'Kowalski', 'Novák', 'Horvat', 'Keller', 'Johnson', 'Williams', 'Harris', 'Clarke'],
  ...['Соколова', 'Иванова', 'Кузнецова', 'Попова', 'Лебедева', 'Козлова', 'Новикова', 'Морозова', 'Волкова'],
  ...['Зайцева', 'Павлова', 'Семёнова', 'Голубева', 'Виноградова', 'Богданова', 'Воробьёва', 'Фёдорова', 'Беляева'],
];

const COMMENTS = [
  ...['Engrave the initials M. S. inside.', 'Gift wrapping, please.', 'Ring size 54.', 'Call before shipping.'],
  ...['Гравировка внутри: «М. С.»', 'Подарочная упаковка', 'Размер 17,5', 'Позвонить перед отправкой'],
];

/** Names of the independent properties that vary from order to order. */
const CHANCES = [
  ...['arrival', 'pace', 'accident', 'channel', 'seller', 'worker', 'matter', 'piece', 'stone', 'buyer', 'haste'],
  ...['term', 'value', 'remark'],
] as const;

const CREATED_MS = '(extract(epoch FROM created_at) * 1000)::bigint';

/** The set of orders. */
export interface FilledOrders {
  readonly count: number;
  /** Time of the last order, in milliseconds since 1970. */
  readonly until: number;
}

/**
 * A statement that inserts the orders with the numbers from `$1` to `$2`, oldest first. Their ids are UUIDs of version 7
 * with the times of the orders. Nothing is random: everything that varies comes from a hash of the number.
 *
 * @returns the statement, and its parameters from `$3` on
 */
export function insertOrdersSql({ count, until }: FilledOrders): { sql: string; parameters: unknown[] } {
  const parameters: unknown[] = [];
  const bind = (values: readonly string[]): string => `$${parameters.push(values) + 2}::text[]`;
  /** One of the values; `of` selects it, from 0 up to 1. */
  const pick = (values: readonly string[], of: string): string =>
    `(${bind(values)})[1 + floor(${values.length} * ${of})::integer]`;
  const chances = CHANCES.map((name, seed) => `${chance('n', seed)} AS ${name}`).join(', ');
  const open = Math.min(count, Math.max(OPEN.least, count * OPEN.share));

  const sql = `
    INSERT INTO orders (id, number, external_id, source, customer_id, customer_name, product_name, product_model_url,
      material, quantity, price_amount, price_currency, priority, due_at, comment, status, previous_status, hold_reason, assignee,
      version, created_by, created_at, updated_at, idempotency_key, idempotency_hash)
    SELECT
      (lpad(to_hex(${CREATED_MS}), 12, '0') || '7' || left(hash, 3) || 'a' || right(hash, 15))::uuid,
      n,
      CASE source WHEN 'SHOP' THEN 'WEB-' || n WHEN 'API' THEN 'PO-' || n END,
      source,
      'C-' || customer,
      ${pick(FIRST_NAMES, chance('customer', 101))} || ' ' || ${pick(SURNAMES, chance('customer', 102))},
      ${pick(PIECES, 'piece * piece')} || ${pick(STONES, 'stone')},
      CASE WHEN value < 0.6 THEN 'https://models.example.com/' || left(hash, 12) || '.stl' END,
      ${pick(MATERIALS, 'matter * matter')},
      CASE source WHEN 'API' THEN 1 + floor(10 * accident)::integer ELSE 1 END,
      CASE WHEN value < 0.95 THEN round((20 + 4000 * value * value)::numeric, 2) END,
      CASE WHEN value < 0.95 THEN 'EUR' END,
      (CASE WHEN haste < 0.75 THEN 'NORMAL' WHEN haste < 0.85 THEN 'LOW' WHEN haste < 0.96 THEN 'HIGH'
        ELSE 'URGENT' END)::order_priority,
      CASE WHEN term < 0.8 THEN created_at + (2 + 50 * term) * interval '1 day' END,
      CASE WHEN remark < 0.12 THEN ${pick(COMMENTS, 'remark / 0.12')} END,
      status,
      (CASE status WHEN 'NEW' THEN NULL WHEN 'MANUFACTURING_COMPLETED' THEN 'MANUFACTURING_STARTED'
        WHEN 'PACKAGING' THEN 'MANUFACTURING_COMPLETED' WHEN 'SHIPPED' THEN 'PACKAGING' WHEN 'CLOSED' THEN 'SHIPPED'
        ELSE 'NEW' END)::order_status,
      CASE status WHEN 'ON_HOLD' THEN 'QUESTION'::hold_reason END,
      CASE WHEN status NOT IN ('NEW', 'ON_HOLD', 'CANCELLED')
        THEN 'operator-' || 1 + floor(${OPERATORS} * worker)::integer END,
      CASE status WHEN 'NEW' THEN 1 WHEN 'MANUFACTURING_COMPLETED' THEN 3 WHEN 'PACKAGING' THEN 4 WHEN 'SHIPPED' THEN 5
        WHEN 'CLOSED' THEN 6 ELSE 2 END,
      CASE source WHEN 'CRM' THEN 'admin-1' ELSE 'partner-' || 1 + floor(${PARTNERS} * seller * seller)::integer END,
      created_at,
      CASE status WHEN 'NEW' THEN created_at
        ELSE least(created_at + 30 * pace * interval '1 day', to_timestamp(${until} / 1000.0)) END,
      CASE source WHEN 'API' THEN 'key-' || n END,
      CASE source WHEN 'API' THEN hash END
    FROM (
      SELECT *,
        date_trunc('milliseconds', to_timestamp((${until} - ${YEARS} * (${count} - n + arrival) / ${count}) / 1000)) AS created_at,
        (CASE WHEN channel < 0.55 THEN 'SHOP' WHEN channel < 0.85 THEN 'API' ELSE 'CRM' END)::order_source AS source,
        floor(${count} / 2.0 * buyer)::bigint AS customer,
        -- Older orders have advanced farther, and some orders advance faster than others.
        (CASE
          WHEN accident < 0.03 THEN 'CANCELLED'
          WHEN age > 1 THEN 'CLOSED'
          WHEN accident < 0.07 THEN 'ON_HOLD'
          WHEN age + pace < 0.5 THEN 'NEW'
          WHEN age + pace < 0.75 THEN 'MANUFACTURING_STARTED'
          WHEN age + pace < 0.9 THEN 'MANUFACTURING_COMPLETED'
          WHEN age + pace < 1 THEN 'PACKAGING'
          WHEN age + pace < 1.3 THEN 'SHIPPED'
          ELSE 'CLOSED'
        END)::order_status AS status
      FROM (
        SELECT n, md5(n::text) AS hash, (${count} - n)::float8 / ${open} AS age, ${chances}
        FROM generate_series($1::bigint, $2::bigint) AS n OFFSET 0
      ) AS lots OFFSET 0
    ) AS orders`;
  return { sql, parameters };
}

/** A number from 0 up to 1, the same for the same number and seed. */
function chance(number: string, seed: number): string {
  return `(hashint8extended(${number}, ${seed}) & 1048575)::float8 / 1048576`;
}
