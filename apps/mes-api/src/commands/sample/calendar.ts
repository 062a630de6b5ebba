import type { Random } from './random.js';

export const HOUR = 60 * 60_000;
export const DAY = 24 * HOUR;
/** Time zone of the workshop: UTC+3. */
const ZONE = 3 * HOUR;
const OPENS = 8;
const CLOSES = 20;
const SUNDAY = 0;

/** Relative demand by hour of the day, and by day of the week from Sunday. */
const BY_HOUR = [
  ...[0.15, 0.1, 0.06, 0.05, 0.05, 0.08, 0.2, 0.45, 0.8, 1.1, 1.3, 1.4],
  ...[1.35, 1.3, 1.3, 1.25, 1.2, 1.15, 1.1, 1.1, 1.05, 0.9, 0.6, 0.3],
];
const BY_WEEKDAY = [0.6, 1.15, 1.1, 1.05, 1.05, 1.15, 0.8];

/** The last days for ordering presents, the length of the rush before each in days, and the additional demand. */
const HOLIDAYS = [
  { name: 'New Year and Christmas', month: 12, day: 20, rush: 30, gain: 1.6 },
  { name: "Saint Valentine's Day", month: 2, day: 9, rush: 14, gain: 0.8 },
  { name: "International Women's Day", month: 3, day: 4, rush: 16, gain: 1.2 },
  { name: 'the weddings of summer', month: 7, day: 10, rush: 60, gain: 0.4 },
] as const;

/** The hour of the day and the day of the week at the workshop. */
export function workshopTime(time: number): { hour: number; weekday: number } {
  const local = new Date(time + ZONE);
  return { hour: local.getUTCHours(), weekday: local.getUTCDay() };
}

/** The first working time from `time` on. After a closed time, it lies up to three hours into the shift. */
export function whenOpen(time: number, random: Random): number {
  const { hour, weekday } = workshopTime(time);
  if (hour >= OPENS && hour < CLOSES && weekday !== SUNDAY) return time;

  const midnight = Math.floor((time + ZONE) / DAY) * DAY - ZONE;
  let morning = midnight + OPENS * HOUR;
  if (hour >= OPENS) morning += DAY;
  if (workshopTime(morning).weekday === SUNDAY) morning += DAY;
  return morning + random.whole(0, 3 * HOUR);
}

/** The demand in the hour that begins at `time`, relative to other hours of the year. */
export function demandAt(time: number): number {
  const { hour, weekday } = workshopTime(time);
  return (BY_HOUR[hour] ?? 1) * (BY_WEEKDAY[weekday] ?? 1) * season(time);
}

function season(time: number): number {
  const year = new Date(time).getUTCFullYear();
  return HOLIDAYS.reduce((demand, { month, day, rush, gain }) => {
    const daysLeft = (Date.UTC(year, month - 1, day) - time) / DAY;
    return daysLeft < 0 || daysLeft > rush ? demand : demand + gain * (1 - daysLeft / rush);
  }, 1);
}
