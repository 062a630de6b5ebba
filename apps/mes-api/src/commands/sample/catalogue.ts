import type { Money } from '../../orders/order.js';
import type { SampleCustomer } from './customers.js';
import type { Random } from './random.js';

export interface SampleProduct {
  readonly name: string;
  readonly modelUrl: string | undefined;
  readonly material: string;
  readonly quantity: number;
  readonly price: Money | undefined;
}

interface Model {
  readonly English: string;
  readonly Russian: string;
  readonly slug: string;
  /** Lowest and highest weight, in grams. */
  readonly grams: readonly [number, number];
  /** Probability of a stone. */
  readonly stone: number;
  /** Usually ordered in pairs. */
  readonly pair?: true;
}

const MODELS: readonly (readonly [Model, number])[] = [
  [{ English: 'Engagement ring', Russian: 'Помолвочное кольцо', slug: 'engagement', grams: [2, 5], stone: 1 }, 18],
  [
    { English: 'Wedding ring', Russian: 'Обручальное кольцо', slug: 'wedding', grams: [3, 8], stone: 0.1, pair: true },
    22,
  ],
  [{ English: 'Signet ring, oval', Russian: 'Перстень овальный', slug: 'signet-oval', grams: [8, 18], stone: 0.2 }, 6],
  [{ English: 'Stud earrings', Russian: 'Серьги-пусеты', slug: 'studs', grams: [1, 3], stone: 0.8 }, 12],
  [{ English: 'Drop earrings', Russian: 'Серьги-подвески', slug: 'drops', grams: [3, 9], stone: 0.7 }, 8],
  [{ English: 'Pendant', Russian: 'Подвеска', slug: 'pendant', grams: [2, 7], stone: 0.6 }, 12],
  [{ English: 'Cross pendant', Russian: 'Крестик', slug: 'cross', grams: [2, 9], stone: 0.15 }, 5],
  [
    { English: 'Anchor chain, 50 cm', Russian: 'Цепь якорная, 50 см', slug: 'chain-anchor', grams: [5, 25], stone: 0 },
    7,
  ],
  [{ English: 'Tennis bracelet', Russian: 'Теннисный браслет', slug: 'tennis', grams: [9, 16], stone: 1 }, 3],
  [{ English: 'Bangle', Russian: 'Браслет жёсткий', slug: 'bangle', grams: [10, 30], stone: 0.1 }, 3],
  [{ English: 'Brooch', Russian: 'Брошь', slug: 'brooch', grams: [5, 15], stone: 0.6 }, 2],
  [{ English: 'Cufflinks', Russian: 'Запонки', slug: 'cufflinks', grams: [8, 16], stone: 0.25 }, 2],
];

interface Stone {
  readonly English: string;
  /** In the instrumental case. */
  readonly Russian: string;
  /** Price of one carat, in euros. */
  readonly carat: number;
}

interface Material {
  readonly name: string;
  /** Price of one gram, in euros. */
  readonly gram: number;
}

const STONES: readonly (readonly [Stone, number])[] = [
  [{ English: 'diamond', Russian: 'бриллиантом', carat: 3_200 }, 40],
  [{ English: 'sapphire', Russian: 'сапфиром', carat: 700 }, 16],
  [{ English: 'emerald', Russian: 'изумрудом', carat: 900 }, 14],
  [{ English: 'ruby', Russian: 'рубином', carat: 950 }, 10],
  [{ English: 'topaz', Russian: 'топазом', carat: 60 }, 10],
  [{ English: 'amethyst', Russian: 'аметистом', carat: 45 }, 6],
  [{ English: 'moissanite', Russian: 'муассанитом', carat: 180 }, 4],
];

const CARATS = [0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1, 1.5];

const MATERIALS: readonly (readonly [Material, number])[] = [
  [{ name: 'Gold 585', gram: 62 }, 38],
  [{ name: 'White gold 585', gram: 65 }, 12],
  [{ name: 'Rose gold 585', gram: 63 }, 9],
  [{ name: 'Gold 750', gram: 80 }, 12],
  [{ name: 'White gold 750', gram: 84 }, 6],
  [{ name: 'Silver 925', gram: 1.6 }, 17],
  [{ name: 'Platinum 950', gram: 46 }, 5],
  [{ name: 'Palladium 500', gram: 34 }, 1],
];

const CURRENCIES = {
  Russian: [['RUB', 92, 1]],
  English: [
    ['EUR', 1, 70],
    ['USD', 1.08, 20],
    ['GBP', 0.86, 10],
  ],
} as const;

/** A random product of an order. Resellers order in `bulk`. */
export function sampleProduct(speaks: SampleCustomer['speaks'], bulk: boolean, random: Random): SampleProduct {
  const model = random.pickWeighted(MODELS);
  const material = random.pickWeighted(MATERIALS);
  const stone = random.chance(model.stone) ? random.pickWeighted(STONES) : undefined;
  const carats = random.pick(CARATS);
  const [least, most] = model.grams;
  const value = (least + (most - least) * random.fraction()) * material.gram + (stone ? carats * stone.carat : 0);
  return {
    name: stone ? withStone(model[speaks], stone[speaks], carats, speaks) : model[speaks],
    modelUrl: random.chance(0.6) ? modelUrl(model.slug, random) : undefined,
    material: material.name,
    quantity: quantityOf(model, bulk, random),
    price: random.chance(0.95) ? priceOf(value, speaks, random) : undefined,
  };
}

function withStone(model: string, stone: string, carats: number, speaks: SampleCustomer['speaks']): string {
  return speaks === 'Russian'
    ? `${model} с ${stone} ${String(carats).replace('.', ',')} ct`
    : `${model} with ${stone} ${carats} ct`;
}

function modelUrl(slug: string, random: Random): string {
  return `https://models.example.com/${slug}-${random.whole(1, 400)}.stl`;
}

function quantityOf({ pair }: Model, bulk: boolean, random: Random): number {
  if (bulk && random.chance(0.3)) return random.whole(2, 50);
  return pair && random.chance(0.7) ? 2 : 1;
}

/** @param value the value of material and stone, in euros; the work costs at least as much again */
function priceOf(value: number, speaks: SampleCustomer['speaks'], random: Random): Money {
  const [currency, rate] = random.pickWeighted(CURRENCIES[speaks].map((entry) => [entry, entry[2]] as const));
  const hundredths = Math.round((25 + value * (2 + random.fraction())) * rate * 10) * 10;
  return { amount: (hundredths / 100).toFixed(2), currency };
}
