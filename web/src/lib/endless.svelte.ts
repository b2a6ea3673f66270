// A list that grows page by page as the person scrolls, and says how it is doing.

import { Problem } from '../api/client';
import type { Batch, Entry } from './entries';

export type Status = 'waiting' | 'loading' | 'failed' | 'complete';

/** Pages in a row that brought nothing new before the list gives up asking. */
const EMPTY_PAGES_MOST = 3;

export class EndlessList {
  entries = $state.raw<readonly Entry[]>([]);
  status = $state<Status>('waiting');
  problem = $state.raw<Problem | null>(null);
  hasLoaded = $state(false);

  #cursor: string | null = null;
  #keys = new Set<string>();
  #emptyPages = 0;

  constructor(private readonly load: (cursor: string | null) => Promise<Batch>) {}

  /** Asks for the next page, unless one is under way or there is none. */
  async more(): Promise<void> {
    if (this.status !== 'waiting') return;
    this.status = 'loading';
    this.problem = null;
    try {
      this.#take(await this.load(this.#cursor));
    } catch (error) {
      this.problem = error instanceof Problem ? error : new Problem(0, 'page', 'Something went wrong on this page.');
      this.status = 'failed';
    }
  }

  async again(): Promise<void> {
    if (this.status !== 'failed') return;
    this.status = 'waiting';
    await this.more();
  }

  /** Takes a card out, and gives back how to put it where it was. */
  remove(itemId: string): () => void {
    const at = this.entries.findIndex((entry) => entry.card.id === itemId);
    const entry = this.entries[at];
    if (!entry) return () => undefined;
    this.entries = this.entries.filter((other) => other !== entry);
    return () => {
      if (this.entries.some((other) => other.card.id === itemId)) return;
      this.entries = [...this.entries.slice(0, at), entry, ...this.entries.slice(at)];
    };
  }

  get isEmpty(): boolean {
    return this.hasLoaded && this.entries.length === 0 && this.status === 'complete';
  }

  #take(batch: Batch): void {
    const fresh = batch.entries.filter(({ card }) => {
      const isNew = card.picture !== null && !this.#keys.has(card.id);
      if (isNew) this.#keys.add(card.id);
      return isNew;
    });
    this.#emptyPages = fresh.length ? 0 : this.#emptyPages + 1;
    if (fresh.length) this.entries = [...this.entries, ...fresh];
    this.hasLoaded = true;
    this.#cursor = batch.cursor;
    this.status = batch.cursor && this.#emptyPages < EMPTY_PAGES_MOST ? 'waiting' : 'complete';
    if (!fresh.length && this.status === 'waiting') void this.more();
  }
}
