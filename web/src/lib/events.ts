// What the person did, sent in batches; what was not sent is sent again, and counts once.

import type { PageEvent } from '../api/types';
import { newId } from './ids';

export type Facts = Partial<Pick<PageEvent, 'request_id' | 'surface' | 'item_id' | 'query' | 'board_id' | 'position' | 'dwell_ms'>>;

const EVERY_MS = 4_000;
const BATCH_MOST = 50;
const WAITING_MOST = 1_000;
const ADDRESS = '/v1/events';

export class EventQueue {
  #waiting: PageEvent[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isSending = false;
  readonly #session = newId();

  record(action: PageEvent['action'], facts: Facts): void {
    this.#waiting.push({
      event_id: newId(),
      action,
      at_ms: Date.now(),
      session_id: this.#session,
      request_id: '',
      surface: '',
      item_id: '',
      query: '',
      board_id: '',
      position: -1,
      dwell_ms: 0,
      client: 'page',
      ...facts,
    });
    this.#waiting.splice(0, Math.max(0, this.#waiting.length - WAITING_MOST));
    this.#timer ??= setTimeout(() => void this.send(), EVERY_MS);
  }

  async send(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#isSending || !this.#waiting.length) return;
    this.#isSending = true;
    const batch = this.#waiting.splice(0, BATCH_MOST);
    const isDelivered = await this.#post(batch);
    this.#isSending = false;
    if (!isDelivered) this.#waiting.unshift(...batch);
    if (this.#waiting.length) this.#timer ??= setTimeout(() => void this.send(), isDelivered ? 0 : EVERY_MS * 3);
  }

  /** The page is going away: the browser takes over what is left. */
  leave(): void {
    while (this.#waiting.length) {
      const batch = this.#waiting.splice(0, BATCH_MOST);
      const body = new Blob([JSON.stringify({ events: batch })], { type: 'application/json' });
      if (!navigator.sendBeacon(ADDRESS, body)) {
        this.#waiting.unshift(...batch);
        return;
      }
    }
  }

  async #post(batch: PageEvent[]): Promise<boolean> {
    try {
      const response = await fetch(ADDRESS, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ events: batch }),
        keepalive: true,
      });
      // A refused batch would be refused again; only what the server could not take is kept.
      return response.ok || (response.status >= 400 && response.status < 500 && response.status !== 429);
    } catch {
      return false;
    }
  }
}

export const events = new EventQueue();

export function sendOnLeaving(): void {
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') events.leave();
  });
  addEventListener('pagehide', () => events.leave());
}
