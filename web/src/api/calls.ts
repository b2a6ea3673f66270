// Every call of the page, by name.

import { call } from './client';
import type {
  Board,
  BoardPage,
  Card,
  Controls,
  ControlsChange,
  Encoder,
  Facets,
  Forgotten,
  Graph,
  Item,
  Learning,
  Neighbours,
  Page,
  Person,
  Profile,
  SearchPage,
  Section,
  Suggestion,
  Topic,
  Why,
  WishWord,
} from './types';

export const PAGE_ITEMS = 25;

type Cursor = string | null;
const at = encodeURIComponent;

export interface SearchAsk {
  words: string;
  filter: string | null;
  picture: Blob | null;
  itemId: string | null;
  frame: number | null;
  region: string | null;
}

export const me = () => call<Person>('/v1/me');
export const forgetMe = () => call<Forgotten>('/v1/me', { method: 'DELETE' });
export const onboarding = () => call<{ topics: Topic[] }>('/v1/onboarding');
export const choose = (topic_ids: string[]) =>
  call<void>('/v1/onboarding', { method: 'POST', json: { topic_ids, item_ids: [] } });

export const feed = (cursor: Cursor, signal?: AbortSignal) =>
  call<Page>('/v1/feed', { query: { limit: PAGE_ITEMS, cursor }, signal });
export const item = (id: string, signal?: AbortSignal) => call<Item>(`/v1/items/${at(id)}`, { signal });
export const related = (id: string, cursor: Cursor, signal?: AbortSignal) =>
  call<Page>(`/v1/items/${at(id)}/related`, { query: { limit: PAGE_ITEMS, cursor }, signal });
export const hide = (id: string) => call<void>(`/v1/items/${at(id)}/hide`, { method: 'POST' });
export const unhide = (id: string) => call<void>(`/v1/items/${at(id)}/hide`, { method: 'DELETE' });

export const neighbours = (id: string) => call<Neighbours>(`/v1/taste/items/${at(id)}/neighbours`);
export const profile = () => call<Profile>('/v1/taste/me');
export const wish = (interest_id: string, word: WishWord) =>
  call<void>('/v1/taste/me/wishes', { method: 'POST', json: { interest_id, wish: word } });
export const controls = () => call<Controls>('/v1/me/controls');
export const setControls = (change: Partial<ControlsChange>) =>
  call<Controls>('/v1/me/controls', { method: 'PATCH', json: change });
export const clearHistory = () => call<Controls>('/v1/me/history', { method: 'DELETE' });
export const restoreHistory = () => call<Controls>('/v1/me/history', { method: 'POST' });
export const block = (owner: string) => call<Controls>(`/v1/me/blocked/${at(owner)}`, { method: 'PUT' });
export const unblock = (owner: string) => call<Controls>(`/v1/me/blocked/${at(owner)}`, { method: 'DELETE' });
export const why = (requestId: string, id: string) => call<Why>(`/v1/feed/${at(requestId)}/why/${at(id)}`);

export const graph = () => call<Graph>('/v1/taste/graph');

export const suggest = (q: string, signal?: AbortSignal) =>
  call<{ suggestions: Suggestion[] }>('/v1/suggest', { query: { q }, signal });
export const encoder = (signal?: AbortSignal) => call<Encoder>('/v1/admin/encoder', { signal });
export const learning = () => call<Learning>('/v1/admin/loop');
export const promoteChallenger = () => call<Learning>('/v1/admin/loop/promote', { method: 'POST' });
export const rollBackRanker = () => call<Learning>('/v1/admin/loop/rollback', { method: 'POST' });
export const facets = () => call<Facets>('/v1/facets');

/** Words alone are asked for by GET; a picture needs POST, and its next pages come by cursor. */
export function search(ask: SearchAsk, cursor: Cursor, signal?: AbortSignal): Promise<SearchPage> {
  const limit = PAGE_ITEMS;
  if (cursor) return call('/v1/search', { query: { cursor, limit }, signal });
  if (!ask.picture && !ask.itemId) {
    return call('/v1/search', { query: { q: ask.words, filter: ask.filter, limit }, signal });
  }
  const form = new FormData();
  if (ask.picture) form.set('picture', ask.picture, 'picture');
  if (ask.itemId) form.set('item_id', ask.itemId);
  if (ask.words) form.set('q', ask.words);
  if (ask.frame !== null) form.set('frame', String(ask.frame));
  if (ask.region) form.set('region', ask.region);
  if (ask.filter) form.set('filter', ask.filter);
  form.set('limit', String(limit));
  return call('/v1/search', { method: 'POST', form, signal });
}

export const boards = () => call<{ boards: Board[] }>('/v1/boards');
export const createBoard = (json: { name: string; description: string; is_secret: boolean }) =>
  call<Board>('/v1/boards', { method: 'POST', json });
export const board = (id: string, section: string | null, cursor: Cursor, signal?: AbortSignal) =>
  call<BoardPage>(`/v1/boards/${at(id)}`, { query: { section, limit: PAGE_ITEMS, cursor }, signal });
export const changeBoard = (id: string, json: Partial<Pick<Board, 'name' | 'description' | 'is_secret'>>) =>
  call<Board>(`/v1/boards/${at(id)}`, { method: 'PATCH', json });
export const deleteBoard = (id: string) => call<void>(`/v1/boards/${at(id)}`, { method: 'DELETE' });
export const createSection = (id: string, name: string) =>
  call<Section>(`/v1/boards/${at(id)}/sections`, { method: 'POST', json: { name } });
export const renameSection = (id: string, section: string, name: string) =>
  call<Section>(`/v1/boards/${at(id)}/sections/${at(section)}`, { method: 'PATCH', json: { name } });
export const deleteSection = (id: string, section: string) =>
  call<void>(`/v1/boards/${at(id)}/sections/${at(section)}`, { method: 'DELETE' });
export const save = (id: string, item_id: string, section_id: string | null) =>
  call<unknown>(`/v1/boards/${at(id)}/items`, { method: 'POST', json: { item_id, section_id } });
export const unsave = (id: string, itemId: string) =>
  call<void>(`/v1/boards/${at(id)}/items/${at(itemId)}`, { method: 'DELETE' });
export const move = (id: string, itemId: string, board_id: string, section_id: string | null) =>
  call<unknown>(`/v1/boards/${at(id)}/items/${at(itemId)}/move`, { method: 'POST', json: { board_id, section_id } });

export type { Card };
