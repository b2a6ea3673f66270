// Numbers and names as people read them.

import type { Forgotten, Price } from '../api/types';

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

/** "just now", "5 minutes ago", "3 days ago". */
export function agoText(ms: number): string {
  const units: [number, string][] = [[86_400_000, 'day'], [3_600_000, 'hour'], [60_000, 'minute']];
  for (const [size, name] of units) if (ms >= size) return `${counted(Math.floor(ms / size), name)} ago`;
  return 'just now';
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

/** What forgetting someone removed, what remains of it, and until when. */
export function forgottenLines(forgotten: Forgotten): string[] {
  const names: [string, string][] = [['boards', 'board'], ['saves', 'save'], ['events', 'event']];
  const removed = names.flatMap(([key, one]) => {
    const count = forgotten.removed[key];
    return count ? [counted(count, one)] : [];
  });
  const lines = [removed.length ? `Deleted: ${removed.join(', ')}.` : 'Nothing was kept about you.'];
  const until = Math.max(0, ...forgotten.remains.map((each) => each.until_ms ?? 0));
  if (until) {
    const time = new Date(until).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
    lines.push(`Unused parts of the server’s files may still hold traces of it until ${time} or so.`);
  }
  if (forgotten.remains.some((each) => each.until_ms === null)) {
    lines.push('What was learnt from everybody together still counts you, without a name, until it is learnt anew.');
  }
  lines.push('Copies that were made before, such as backups, are beyond its reach.');
  return lines;
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
