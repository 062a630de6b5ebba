import { preferredLocales } from './locales';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The API takes prices with so many digits after the point. By default, `Intl` would round to those of the currency. */
const PRICE_DIGITS = 4;

/** Shown in place of a value that has no format. */
const NOTHING = '–';

/** Formats for dates, numbers, money and durations in the language of the page. They never throw. */
export interface Formats {
  date(date: Date): string;
  dateAndTime(date: Date): string;
  time(date: Date): string;
  /** The time, with the date unless that is today. */
  timeSince(date: Date, now: Date): string;
  hour(date: Date): string;
  /** A short name of the day of the week. */
  weekday(date: Date): string;
  number(value: number): string;
  percent(share: number): string;
  money(amount: string, currency: string): string;
  /** A duration in its largest unit: "3 hr", "2 days". */
  duration(milliseconds: number): string;
  /** A duration in its two largest units: "3 hr 20 min". */
  longDuration(milliseconds: number): string;
}

export function createFormats(chosen: string): Formats {
  // The browser's regional variant decides, for example, between 12 and 24 hours.
  const locale = preferredLocales().find((one) => one.startsWith(chosen)) ?? chosen;
  const dates = (options: Intl.DateTimeFormatOptions): ((date: Date) => string) => {
    const format = new Intl.DateTimeFormat(locale, options);
    return (date) => (Number.isNaN(date.getTime()) ? NOTHING : format.format(date));
  };
  const numbers = (options?: Intl.NumberFormatOptions): ((value: number) => string) => {
    const format = new Intl.NumberFormat(locale, options);
    return (value) => format.format(value);
  };
  const [time, dateAndTime] = [dates({ timeStyle: 'short' }), dates({ dateStyle: 'medium', timeStyle: 'short' })];
  const number = numbers();
  const [minutes, hours, days] = (['minute', 'hour', 'day'] as const).map((unit) =>
    numbers({ style: 'unit', unit, unitDisplay: 'short' }),
  ) as [typeof number, typeof number, typeof number];
  return {
    date: dates({ day: 'numeric', month: 'short' }),
    dateAndTime,
    time,
    timeSince: (date, now) => (date.toDateString() === now.toDateString() ? time(date) : dateAndTime(date)),
    hour: dates({ hour: 'numeric' }),
    weekday: dates({ weekday: 'short' }),
    number,
    percent: numbers({ style: 'percent', maximumFractionDigits: 1 }),
    // The decimal string is passed as it is: a float would round it.
    money: (amount, currency) => {
      try {
        return numbers({ style: 'currency', currency, maximumFractionDigits: PRICE_DIGITS })(
          amount as unknown as number,
        );
      } catch {
        // `Intl` refuses currencies that are not three letters.
        return `${amount} ${currency}`;
      }
    },
    duration: (milliseconds) => {
      const length = Math.abs(milliseconds);
      if (Number.isNaN(length)) return NOTHING;
      if (length < MINUTE) return `< ${minutes(1)}`;
      if (length < HOUR) return minutes(Math.floor(length / MINUTE));
      if (length < DAY) return hours(Math.floor(length / HOUR));
      return days(Math.floor(length / DAY));
    },
    longDuration: (milliseconds) => {
      const length = Math.abs(milliseconds);
      if (Number.isNaN(length)) return NOTHING;
      const hour = Math.floor((length % DAY) / HOUR);
      const minute = Math.floor((length % HOUR) / MINUTE);
      if (length < MINUTE) return `< ${minutes(1)}`;
      if (length < HOUR) return minutes(minute);
      if (length < DAY) return minute === 0 ? hours(hour) : `${hours(hour)} ${minutes(minute)}`;
      const day = days(Math.floor(length / DAY));
      return hour === 0 ? day : `${day} ${hours(hour)}`;
    },
  };
}
