import { describe, expect, test } from 'vitest';
import { CORNERS, drawn, fromText, LEAST, moved, resized, spoken, toText, type Region } from '../src/lib/selection';

const isInside = ({ x, y, width, height }: Region) =>
  x >= -1e-9 && y >= -1e-9 && x + width <= 1 + 1e-9 && y + height <= 1 + 1e-9 && width >= LEAST - 1e-9 && height >= LEAST - 1e-9;

/** Even numbers from 0 to 1 without a seed to remember. */
const spread = (count: number, step: number) => Array.from({ length: count }, (_, at) => (at * step) % 1);

describe('drawn', () => {
  test('is the same in whichever direction it is drawn', () => {
    expect(toText(drawn(0.2, 0.3, 0.7, 0.9))).toBe('0.2,0.3,0.5,0.6');
    expect(toText(drawn(0.7, 0.9, 0.2, 0.3))).toBe('0.2,0.3,0.5,0.6');
  });

  test('stays inside and large enough wherever the pointer goes', () => {
    for (const a of spread(20, 0.137))
      for (const b of spread(20, 0.311)) expect(isInside(drawn(a, b, b * 3 - 1, a * 3 - 1))).toBe(true);
  });

  test('a tap gives the least box, not a speck', () => {
    expect(drawn(0.5, 0.5, 0.5, 0.5)).toMatchObject({ width: LEAST, height: LEAST });
  });
});

describe('moved', () => {
  test('keeps its size and stops at the edge', () => {
    const region = { x: 0.1, y: 0.1, width: 0.4, height: 0.3 };

    expect(moved(region, 5, -5)).toEqual({ x: 0.6, y: 0, width: 0.4, height: 0.3 });
  });
});

describe('resized', () => {
  test.each(CORNERS)('from %s the opposite corner stays and the box is never lost', (corner) => {
    const region = { x: 0.3, y: 0.3, width: 0.4, height: 0.4 };
    for (const dx of [-2, -0.1, 0.1, 2])
      for (const dy of [-2, -0.1, 0.1, 2]) {
        const next = resized(region, corner, dx, dy);
        expect(isInside(next)).toBe(true);
        if (corner.endsWith('w')) expect(next.x + next.width).toBeCloseTo(0.7);
        else expect(next.x).toBeCloseTo(0.3);
        if (corner.startsWith('n')) expect(next.y + next.height).toBeCloseTo(0.7);
        else expect(next.y).toBeCloseTo(0.3);
      }
  });
});

describe('text of a region', () => {
  test('comes back as it was', () => {
    const region = { x: 0.125, y: 0.25, width: 0.5, height: 0.3333 };

    expect(fromText(toText(region))).toEqual(region);
  });

  test.each([null, '', '1,2', 'a,b,c,d', '0,0,0,0.5', '0.8,0,0.5,0.5', '-0.1,0,0.5,0.5', '0,0,NaN,1'])('%s names none', (text) => {
    expect(fromText(text)).toBeNull();
  });

  test('is said in percent', () => {
    expect(spoken({ x: 0.2, y: 0.1, width: 0.6, height: 0.5 })).toBe(
      'Selected part: 60 percent wide, 50 percent high, 20 percent from the left, 10 percent from the top',
    );
  });
});
