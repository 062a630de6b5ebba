import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Formats for dates, numbers, money and durations in the language of the page. */
export interface Formats {
  date(date: Date): string;
  dateAndTime(date: Date): string;
  time(date: Date): string;
  hour(date: Date): string;
  number(value: number): string;
  percent(share: number): string;
  money(amount: string, currency: string): string;
  /** A duration in its largest unit: "3 hr", "2 days". */
  duration(milliseconds: number): string;
}

export function useFormats(): Formats {
  const { i18n } = useTranslation();
  return useMemo(() => createFormats(i18n.language), [i18n.language]);
}

function createFormats(chosen: string): Formats {
  // The browser's regional variant decides, for example, between 12 and 24 hours.
  const language = navigator.languages.find((one) => one.startsWith(chosen)) ?? chosen;
  const date = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' });
  const dateAndTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'short' });
  const hour = new Intl.DateTimeFormat(language, { hour: 'numeric' });
  const number = new Intl.NumberFormat(language);
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 });
  const unit = (value: number, name: string): string =>
    new Intl.NumberFormat(language, { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);
  return {
    date: (value) => date.format(value),
    dateAndTime: (value) => dateAndTime.format(value),
    time: (value) => time.format(value),
    hour: (value) => hour.format(value),
    number: (value) => number.format(value),
    percent: (share) => percent.format(share),
    // The decimal string is passed as it is: a float would round it.
    money: (amount, currency) =>
      new Intl.NumberFormat(language, { style: 'currency', currency }).format(amount as unknown as number),
    duration: (milliseconds) => {
      const length = Math.abs(milliseconds);
      if (length < HOUR) return unit(Math.floor(length / MINUTE), 'minute');
      if (length < DAY) return unit(Math.floor(length / HOUR), 'hour');
      return unit(Math.floor(length / DAY), 'day');
    },
  };
}
