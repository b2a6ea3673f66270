// A part of a picture: drawn, moved and resized, always inside the picture and never too small to search by.

/** In fractions of the picture's width and height. */
export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type Corner = 'nw' | 'ne' | 'sw' | 'se';

export const CORNERS: readonly Corner[] = ['nw', 'ne', 'sw', 'se'];
export const LEAST = 0.08;
export const MIDDLE: Region = { x: 0.2, y: 0.2, width: 0.6, height: 0.6 };

/** The box between where a finger went down and where it is, at least `LEAST` on each side. */
export function drawn(fromX: number, fromY: number, toX: number, toY: number): Region {
  const [left, width] = span(fromX, toX);
  const [top, height] = span(fromY, toY);
  return { x: left, y: top, width, height };
}

export function moved(region: Region, dx: number, dy: number): Region {
  return {
    ...region,
    x: clamp(region.x + dx, 0, 1 - region.width),
    y: clamp(region.y + dy, 0, 1 - region.height),
  };
}

/** One corner goes by (dx, dy); the opposite one stays. */
export function resized(region: Region, corner: Corner, dx: number, dy: number): Region {
  let { x: left, y: top } = region;
  let right = left + region.width;
  let bottom = top + region.height;
  if (corner.endsWith('w')) left = clamp(left + dx, 0, right - LEAST);
  else right = clamp(right + dx, left + LEAST, 1);
  if (corner.startsWith('n')) top = clamp(top + dy, 0, bottom - LEAST);
  else bottom = clamp(bottom + dy, top + LEAST, 1);
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** "x,y,width,height", as the API and the address of the page have it. */
export function toText(region: Region): string {
  return [region.x, region.y, region.width, region.height].map((part) => Number(part.toFixed(4))).join(',');
}

/** The region that a text names, or null where it names none. */
export function fromText(text: string | null): Region | null {
  const parts = (text ?? '').split(',').map(Number);
  if (!text || parts.length !== 4 || parts.some((part) => !Number.isFinite(part) || part < 0 || part > 1)) return null;
  const [x, y, width, height] = parts as [number, number, number, number];
  if (width <= 0 || height <= 0 || x + width > 1.001 || y + height > 1.001) return null;
  return { x, y, width, height };
}

/** What a screen reader says of it. */
export function spoken(region: Region): string {
  const percent = (part: number) => `${Math.round(part * 100)} percent`;
  const size = `${percent(region.width)} wide, ${percent(region.height)} high`;
  return `Selected part: ${size}, ${percent(region.x)} from the left, ${percent(region.y)} from the top`;
}

function span(from: number, to: number): [number, number] {
  const a = clamp(from, 0, 1);
  const b = clamp(to, 0, 1);
  const length = Math.max(Math.abs(b - a), LEAST);
  const start = clamp(b < a ? a - length : a, 0, 1 - length);
  return [start, length];
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
