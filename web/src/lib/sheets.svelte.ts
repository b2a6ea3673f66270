// Which sheet lies over the page: at most one, and each says what it is about.

import type { Card } from '../api/types';
import type { Entry } from './entries';
import type { Spot } from './shelves.svelte';

export interface MenuLine {
  label: string;
  icon: string;
  run: () => void;
  isGrave?: boolean;
}

export type Sheet =
  | { kind: 'menu'; label: string; lines: MenuLine[]; anchor: DOMRect | null }
  | { kind: 'save'; card: Card; anchor: DOMRect | null }
  | { kind: 'move'; card: Card; from: Spot; anchor: DOMRect | null; done: (to: Spot) => void }
  | { kind: 'why'; entry: Entry }
  | { kind: 'picture' }
  | { kind: 'you'; anchor: DOMRect | null }
  | { kind: 'confirm'; title: string; text: string; yes: string; run: () => void | Promise<void> }
  | { kind: 'told'; title: string; lines: string[]; on: string; run: () => void }
  | { kind: 'name'; title: string; label: string; value: string; yes: string; run: (name: string) => Promise<void> };

class Sheets {
  open = $state.raw<Sheet | null>(null);

  show(sheet: Sheet): void {
    this.open = sheet;
  }

  close(): void {
    this.open = null;
  }
}

export const sheets = new Sheets();
