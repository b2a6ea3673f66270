// One card on a page, with what is needed to say later where and why it was shown.

import type { BoardPage, Card, Frame, Page, Reason } from '../api/types';

export interface Entry {
  card: Card;
  requestId: string;
  position: number;
  reason: Reason | null;
  sectionId: string | null;
  /** The frame of its video that was found. */
  frame: Frame | null;
  /** The moment of its video that is meant; null: the beginning. */
  atMs: number | null;
}

export interface Batch {
  entries: Entry[];
  cursor: string | null;
}

export function batchOf(page: Page): Batch {
  const entries = page.items.map(({ item, position, reason, frame, said }) => ({
    card: item,
    requestId: page.request_id,
    position,
    reason: reason ?? null,
    sectionId: null,
    frame: item.video ? frame : null,
    atMs: item.video ? (said?.at_ms ?? frame?.at_ms ?? null) : null,
  }));
  return { entries, cursor: page.cursor };
}

export function batchOfBoard(page: BoardPage): Batch {
  const entries = page.items.map(({ item, section_id }, position) => ({
    card: item,
    requestId: '',
    position,
    reason: null,
    sectionId: section_id,
    frame: null,
    atMs: null,
  }));
  return { entries, cursor: page.cursor };
}
