import { describe, expect, test } from 'vitest';
import { columnsByKey, layOut, neighbour, shownRatio, spaceFor, visible, type Shape } from '../src/lib/masonry';

const space = { columns: 3, columnWidthPx: 100, gapPx: 10 };
const shape = (key: string, ratio: number, captionPx = 0): Shape => ({ key, ratio, captionPx });
const many = (count: number) => Array.from({ length: count }, (_, at) => shape(`i${at}`, 0.6 + ((at * 7) % 11) / 10, 26));

describe('spaceFor', () => {
  test('a phone has two columns that fill its width', () => {
    const { columns, columnWidthPx, gapPx } = spaceFor(366);

    expect(columns).toBe(2);
    expect(columns * columnWidthPx + gapPx).toBeCloseTo(366);
  });

  test.each([768, 1280, 1920, 2560])('at %i px no column is narrower than a picture needs', (width) => {
    const { columns, columnWidthPx, gapPx } = spaceFor(width);

    expect(columnWidthPx).toBeGreaterThanOrEqual(228);
    expect(columns * columnWidthPx + (columns - 1) * gapPx).toBeCloseTo(width);
  });

  test('a width of nothing gives columns of some width', () => {
    expect(spaceFor(0).columnWidthPx).toBeGreaterThan(0);
  });
});

describe('layOut', () => {
  test('cards go under the shortest column, in order', () => {
    const { boxes } = layOut([shape('a', 2), shape('b', 1), shape('c', 1.5), shape('d', 1)], space);

    expect(boxes.map(({ column, top }) => [column, top])).toEqual([
      [0, 0],
      [1, 0],
      [2, 0],
      [1, 110],
    ]);
  });

  test('captions take their room, and the whole is as high as its longest column', () => {
    const { boxes, heightPx } = layOut([shape('a', 1, 26), shape('b', 2)], space);

    expect(boxes[0]!.height).toBe(126);
    expect(heightPx).toBe(200);
  });

  test('no two cards overlap', () => {
    const { boxes } = layOut(many(200), space);

    for (const a of boxes)
      for (const b of boxes)
        if (a !== b && a.column === b.column) expect(a.top + a.height <= b.top || b.top + b.height <= a.top).toBe(true);
  });

  test('taking a card out moves only those below it in its column', () => {
    const shapes = many(40);
    const before = layOut(shapes, space);
    const rest = shapes.filter(({ key }) => key !== 'i4');

    const after = layOut(rest, space, columnsByKey(shapes, before));

    const hidden = before.boxes[4]!;
    rest.forEach(({ key }, at) => {
      const was = before.boxes[shapes.findIndex((other) => other.key === key)]!;
      expect(after.boxes[at]!.column).toBe(was.column);
      const isBelow = was.column === hidden.column && was.top > hidden.top;
      expect(after.boxes[at]!.top).toBe(isBelow ? was.top - hidden.height - space.gapPx : was.top);
    });
  });

  test('more cards at the end leave the earlier ones where they are', () => {
    const few = layOut(many(20), space);
    const more = layOut(many(60), space, columnsByKey(many(20), few));

    expect(more.boxes.slice(0, 20)).toEqual(few.boxes);
  });

  test('nothing has no height', () => {
    expect(layOut([], space)).toMatchObject({ boxes: [], heightPx: 0 });
  });
});

describe('visible', () => {
  test('is what a plain search over all boxes finds, at any place', () => {
    const layout = layOut(many(300), space);

    for (let top = -200; top < layout.heightPx + 400; top += 137) {
      const plain = layout.boxes.flatMap((box, at) => (box.top + box.height > top && box.top < top + 500 ? [at] : []));
      expect(visible(layout, top, top + 500)).toEqual(plain);
    }
  });
});

describe('neighbour', () => {
  const layout = layOut(many(30), space);

  test('down and up are inverse', () => {
    const below = neighbour(layout, 1, 'down');

    expect(layout.boxes[below]!.column).toBe(layout.boxes[1]!.column);
    expect(neighbour(layout, below, 'up')).toBe(1);
  });

  test('right goes to the next column, beside', () => {
    const from = layout.boxes[10]!;
    const to = layout.boxes[neighbour(layout, 10, from.column < 2 ? 'right' : 'left')]!;

    expect(Math.abs(to.column - from.column)).toBe(1);
    const middle = from.top + from.height / 2;
    expect(to.top <= middle + space.gapPx && middle - space.gapPx <= to.top + to.height).toBe(true);
  });

  test('edges stay where they are', () => {
    expect(neighbour(layout, 0, 'up')).toBe(0);
    expect(neighbour(layout, 0, 'left')).toBe(0);
    expect(neighbour(layout, 99, 'down')).toBe(99);
  });
});

describe('shownRatio', () => {
  test('cuts towers and panoramas, and takes a picture without a size for a square', () => {
    expect(shownRatio(100, 1000)).toBe(2.1);
    expect(shownRatio(1000, 100)).toBe(0.55);
    expect(shownRatio(200, 300)).toBe(1.5);
    expect(shownRatio(0, 0)).toBe(1);
  });
});
