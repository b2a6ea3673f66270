// The address bar and the screen, kept in step; going back finds everything where it was left.

import { tick } from 'svelte';
import { routeOf, type Route } from './routes';

export interface Place {
  /** One history entry; the same again when a person comes back to it. */
  key: string;
  path: string;
  params: URLSearchParams;
  route: Route;
}

interface Kept {
  scrollY: number;
  focusId: string | null;
  things: Map<string, unknown>;
}

const KEPT_MOST = 30;
const RESTORE_TRIES = 40;

const kept = new Map<string, Kept>();
let serial = 0;

class Router {
  place = $state.raw<Place>(placeHere(keyOfState() ?? nextKey()));
  /** Grows when a person asks for the screen they are on again, which makes it anew. */
  turn = $state(0);

  start(): () => void {
    history.scrollRestoration = 'manual';
    history.replaceState({ key: this.place.key }, '');
    const back = () => void this.#restore();
    const click = (event: MouseEvent) => this.#follow(event);
    addEventListener('popstate', back);
    document.addEventListener('click', click);
    return () => {
      removeEventListener('popstate', back);
      document.removeEventListener('click', click);
    };
  }

  go(address: string, { replace = false } = {}): void {
    if (replace) {
      history.replaceState({ key: this.place.key }, '', address);
      this.place = placeHere(this.place.key);
      return;
    }
    const isSame = address === location.pathname + location.search;
    this.#keep();
    const key = nextKey();
    history[isSame ? 'replaceState' : 'pushState']({ key }, '', address);
    this.place = placeHere(key);
    if (isSame) this.turn++;
    scrollTo(0, 0);
  }

  back(otherwise = '/'): void {
    if (serial > 1) history.back();
    else this.go(otherwise, { replace: false });
  }

  /** Something of this history entry that must outlive its screen, such as the list with what was loaded. */
  recall<Thing>(name: string, make: () => Thing): Thing {
    const { things } = keptOf(this.place.key);
    if (!things.has(name)) things.set(name, make());
    return things.get(name) as Thing;
  }

  forgetKept(): void {
    kept.clear();
  }

  #keep(): void {
    const here = keptOf(this.place.key);
    here.scrollY = scrollY;
    here.focusId = document.activeElement?.closest('[data-item]')?.getAttribute('data-item') ?? null;
  }

  async #restore(): Promise<void> {
    this.#keepWithoutScroll();
    this.place = placeHere(keyOfState() ?? nextKey());
    const { scrollY: wanted, focusId } = keptOf(this.place.key);
    await tick();
    // The list is there at once, but its width is measured a frame later.
    for (let tries = 0; tries < RESTORE_TRIES; tries++) {
      scrollTo(0, wanted);
      if (Math.abs(scrollY - wanted) < 2) break;
      await new Promise(requestAnimationFrame);
    }
    if (focusId) await focusSoon(`[data-item="${CSS.escape(focusId)}"] > a`);
  }

  #keepWithoutScroll(): void {
    // By the time of popstate the browser may have moved the scroll; what the scroll listener saw last is right.
    const here = keptOf(this.place.key);
    here.scrollY = lastScrollY;
  }

  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    this.go(link.pathname + link.search);
  }
}

let lastScrollY = 0;
addEventListener('scroll', () => (lastScrollY = scrollY), { passive: true });

export const router = new Router();

/** Focuses what is about to be shown; a card is made a frame or two after the scroll that brings it near. */
async function focusSoon(selector: string): Promise<void> {
  for (let tries = 0; tries < RESTORE_TRIES; tries++) {
    await new Promise(requestAnimationFrame);
    const found = document.querySelector<HTMLElement>(selector);
    if (found) {
      found.focus({ preventScroll: true });
      return;
    }
  }
}

function keptOf(key: string): Kept {
  let found = kept.get(key);
  if (!found) {
    found = { scrollY: 0, focusId: null, things: new Map() };
    kept.set(key, found);
    const oldest = kept.keys().next().value;
    if (kept.size > KEPT_MOST && oldest !== undefined) kept.delete(oldest);
  }
  return found;
}

function placeHere(key: string): Place {
  return {
    key,
    path: location.pathname,
    params: new URLSearchParams(location.search),
    route: routeOf(location.pathname),
  };
}

function keyOfState(): string | null {
  const state = history.state as { key?: unknown } | null;
  return typeof state?.key === 'string' ? state.key : null;
}

function nextKey(): string {
  return `${Date.now().toString(36)}-${serial++}`;
}
