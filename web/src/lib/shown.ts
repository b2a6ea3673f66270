// Where an item was last seen before it was opened, so that its close-up can say why it was shown.

import type { Entry } from './entries';

export interface Shown {
  entry: Entry;
  surface: string;
}

const MOST = 500;
const shown = new Map<string, Shown>();

export function noteShown(entry: Entry, surface: string): void {
  shown.delete(entry.card.id);
  shown.set(entry.card.id, { entry, surface });
  const oldest = shown.keys().next().value;
  if (shown.size > MOST && oldest !== undefined) shown.delete(oldest);
}

export const shownAs = (itemId: string): Shown | null => shown.get(itemId) ?? null;
