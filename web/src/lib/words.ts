// Numbers and names as people read them.

import type { Price } from '../api/types';

export function priceText(price: Price): string {
  const amount = price.micros / 1e6;
  try {
    const digits = Number.isInteger(amount) ? 0 : 2;
    return new Intl.NumberFormat(undefined, {
      style: 'currency',
      currency: price.currency,
      minimumFractionDigits: digits,
    }).format(amount);
  } catch {
    return `${amount.toFixed(2)} ${price.currency}`; // a currency code that the browser does not know
  }
}

/** "0:07", "12:30", "1:02:03". */
export function durationText(ms: number): string {
  const whole = Math.floor(ms / 1000);
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const end = String(seconds).padStart(2, '0');
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${end}` : `${minutes}:${end}`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

/** "living_room/vases" and "CHAIRS" as one would write them. */
export function labelText(value: string): string {
  const text = value.replace(/[_/]+/g, ' ').trim();
  const calm = text.length > 3 && text === text.toUpperCase() ? text.toLowerCase() : text;
  return calm.charAt(0).toUpperCase() + calm.slice(1);
}

/** Where a link leads, without what nobody reads. Null for a link that is not http. */
export function hostOf(link: string): string | null {
  try {
    const url = new URL(link);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url.hostname.replace(/^www\./, '') : null;
  } catch {
    return null;
  }
}
