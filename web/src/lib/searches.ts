// The words searched for lately, kept in this browser only.

import { remember, remembered } from './remembered';

const MOST = 6;

export function recentSearches(): string[] {
  try {
    const kept: unknown = JSON.parse(remembered('searches') ?? '[]');
    return Array.isArray(kept) ? kept.filter((words): words is string => typeof words === 'string').slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function noteSearch(words: string): void {
  const others = recentSearches().filter((other) => other.toLowerCase() !== words.toLowerCase());
  remember('searches', JSON.stringify([words, ...others].slice(0, MOST)));
}
