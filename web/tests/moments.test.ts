import { describe, expect, test } from 'vitest';
import { nearestFrame, spokenNow } from '../src/lib/moments';
import { durationText } from '../src/lib/words';

const at = (...moments: number[]) => moments.map((at_ms) => ({ at_ms }));

describe('moments of a video', () => {
  test('the nearest frame is found', () => {
    expect(nearestFrame(at(0, 1000, 5000), 2800)).toEqual({ at_ms: 1000 });
    expect(nearestFrame(at(0, 1000, 5000), 9000)).toEqual({ at_ms: 5000 });
    expect(nearestFrame([], 1)).toBeNull();
  });

  test('what is said is what began last', () => {
    expect(spokenNow(at(100, 500, 900), 50)).toBe(-1);
    expect(spokenNow(at(100, 500, 900), 500)).toBe(1);
    expect(spokenNow(at(100, 500, 900), 10_000)).toBe(2);
    expect(spokenNow([], 5)).toBe(-1);
  });

  test('lengths read like those of a player', () => {
    expect(durationText(7_400)).toBe('0:07');
    expect(durationText(750_000)).toBe('12:30');
    expect(durationText(3_723_000)).toBe('1:02:03');
  });
});
