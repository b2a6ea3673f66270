// An impression: at least half of a card was on the screen for at least a second, counted once a page.

import type { Entry } from './entries';
import { events } from './events';

const LEAST_SHARE = 0.5;
const LEAST_MS = 1_000;
const REMEMBERED_MOST = 20_000;

interface Watched {
  entry: Entry;
  surface: string;
  timer: ReturnType<typeof setTimeout> | null;
}

const watched = new Map<Element, Watched>();
const counted = new Set<string>();
let observer: IntersectionObserver | null = null;

/** Watches a card for as long as it is in the document. */
export function watchImpression(element: Element, entry: Entry, surface: string): () => void {
  observer ??= new IntersectionObserver(noticed, { threshold: LEAST_SHARE });
  watched.set(element, { entry, surface, timer: null });
  observer.observe(element);
  return () => {
    observer?.unobserve(element);
    stop(watched.get(element));
    watched.delete(element);
  };
}

function noticed(changes: IntersectionObserverEntry[]): void {
  for (const { target, isIntersecting, intersectionRatio } of changes) {
    const card = watched.get(target);
    if (!card) continue;
    stop(card);
    if (isIntersecting && intersectionRatio >= LEAST_SHARE) card.timer = setTimeout(() => count(card), LEAST_MS);
  }
}

function count({ entry, surface }: Watched): void {
  if (document.visibilityState === 'hidden') return;
  const key = `${entry.requestId} ${surface} ${entry.card.id}`;
  if (counted.has(key)) return;
  if (counted.size > REMEMBERED_MOST) counted.clear();
  counted.add(key);
  events.record('impression', {
    request_id: entry.requestId,
    position: entry.position,
    item_id: entry.card.id,
    surface,
  });
}

function stop(card: Watched | undefined): void {
  if (card?.timer) clearTimeout(card.timer);
  if (card) card.timer = null;
}
