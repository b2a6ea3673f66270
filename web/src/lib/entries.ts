// One card on a page, with what is needed to say later where and why it was shown.

import type { BoardPage, Card, Page, Reason } from '../api/types';

export interface Entry {
  card: Card;
  requestId: string;
  position: number;
  reason: Reason | null;
  sectionId: string | null;
}

export interface Batch {
  entries: Entry[];
  cursor: string | null;
}

export function batchOf(page: Page): Batch {
  const entries = page.items.map(({ item, position, reason }) => ({
    card: item,
    requestId: page.request_id,
    position,
    reason: reason ?? null,
    sectionId: null,
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
  }));
  return { entries, cursor: page.cursor };
}
