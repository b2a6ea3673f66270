// Where each card of a masonry goes, from the sizes of the pictures alone: nothing waits for a picture to load.

export interface Shape {
  key: string;
  /** Height of the picture over its width. */
  ratio: number;
  /** Pixels under the picture, for title and price. */
  captionPx: number;
}

export interface Space {
  columns: number;
  columnWidthPx: number;
  gapPx: number;
}

export interface Box {
  column: number;
  left: number;
  top: number;
  width: number;
  pictureHeight: number;
  height: number;
}

export interface Layout {
  space: Space;
  boxes: Box[];
  /** Indexes of the boxes of each column, from top to bottom. */
  columns: number[][];
  heightPx: number;
}

export type Direction = 'up' | 'down' | 'left' | 'right';

const LEAST_COLUMN_PX = 228;
const FLATTEST = 0.55;
const TALLEST = 2.1;

/** Two columns on a phone; further ones as soon as each has room to be generous. */
export function spaceFor(widthPx: number): Space {
  const gapPx = widthPx < 640 ? 10 : widthPx < 1024 ? 16 : 20;
  const columns = Math.max(2, Math.floor((widthPx + gapPx) / (LEAST_COLUMN_PX + gapPx)));
  return { columns, gapPx, columnWidthPx: Math.max(1, (widthPx - gapPx * (columns - 1)) / columns) };
}

/** The shape that a picture is shown in: panoramas and towers are cut, so that no card is a sliver. */
export function shownRatio(width: number, height: number): number {
  if (!(width > 0) || !(height > 0)) return 1;
  return Math.min(TALLEST, Math.max(FLATTEST, height / width));
}

/**
 * Puts each card under the shortest column, in order.
 *
 * Cards that `before` holds keep their column while the space is the same, so that a hidden card is closed up by
 * those below it and nothing else moves.
 */
export function layOut(shapes: readonly Shape[], space: Space, before?: ReadonlyMap<string, number>): Layout {
  const ends = new Array<number>(space.columns).fill(0);
  const columns: number[][] = ends.map(() => []);
  const boxes = shapes.map((shape, index) => {
    const kept = before?.get(shape.key);
    const column = kept !== undefined && kept < space.columns ? kept : shortest(ends);
    const pictureHeight = Math.round(space.columnWidthPx * shape.ratio);
    const box: Box = {
      column,
      left: column * (space.columnWidthPx + space.gapPx),
      top: ends[column]!,
      width: space.columnWidthPx,
      pictureHeight,
      height: pictureHeight + shape.captionPx,
    };
    ends[column] = box.top + box.height + space.gapPx;
    columns[column]!.push(index);
    return box;
  });
  return { space, boxes, columns, heightPx: Math.max(0, ...ends.map((end) => end - space.gapPx)) };
}

/** Indexes of the boxes that reach into [topPx, bottomPx], in order. */
export function visible(layout: Layout, topPx: number, bottomPx: number): number[] {
  const found: number[] = [];
  for (const column of layout.columns) {
    for (let at = firstEndingAfter(layout, column, topPx); at < column.length; at++) {
      const index = column[at]!;
      if (layout.boxes[index]!.top >= bottomPx) break;
      found.push(index);
    }
  }
  return found.sort((a, b) => a - b);
}

/** The card that an arrow key goes to, or the same one at an edge. */
export function neighbour(layout: Layout, index: number, direction: Direction): number {
  const box = layout.boxes[index];
  if (!box) return index;
  const step = direction === 'left' || direction === 'up' ? -1 : 1;
  if (direction === 'up' || direction === 'down') {
    const column = layout.columns[box.column]!;
    return column[column.indexOf(index) + step] ?? index;
  }
  const beside = layout.columns[box.column + step];
  if (!beside?.length) return index;
  const middle = box.top + box.height / 2;
  const distance = (other: number) => {
    const { top, height } = layout.boxes[other]!;
    return Math.max(top - middle, middle - (top + height), 0);
  };
  return beside.reduce((best, other) => (distance(other) < distance(best) ? other : best));
}

/** The columns that the cards are in now, by key: what `layOut` takes as `before`. */
export function columnsByKey(shapes: readonly Shape[], layout: Layout): Map<string, number> {
  return new Map(layout.boxes.map((box, index) => [shapes[index]!.key, box.column]));
}

function shortest(ends: readonly number[]): number {
  let best = 0;
  // A later column must be shorter by a whole pixel: rounding must not make rows start on the right.
  for (let column = 1; column < ends.length; column++) if (ends[column]! < ends[best]! - 1) best = column;
  return best;
}

function firstEndingAfter(layout: Layout, column: readonly number[], topPx: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const box = layout.boxes[column[middle]!]!;
    if (box.top + box.height > topPx) high = middle;
    else low = middle + 1;
  }
  return low;
}
