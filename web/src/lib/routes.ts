// Which page an address names, and the address of each page.

export type Route =
  | { name: 'feed' }
  | { name: 'item'; id: string }
  | { name: 'search' }
  | { name: 'boards' }
  | { name: 'interests' }
  | { name: 'graph' }
  | { name: 'learning' }
  | { name: 'board'; id: string }
  | { name: 'unknown' };

export function routeOf(pathname: string): Route {
  const [first, second, ...rest] = pathname.split('/').filter(Boolean);
  if (first === undefined) return { name: 'feed' };
  if (second === undefined) {
    if (first === 'search') return { name: 'search' };
    if (first === 'boards') return { name: 'boards' };
    if (first === 'interests') return { name: 'interests' };
    if (first === 'graph') return { name: 'graph' };
    if (first === 'learning') return { name: 'learning' };
    return { name: 'unknown' };
  }
  const id = decoded(second);
  if (id === null || rest.length > 0) return { name: 'unknown' };
  if (first === 'item') return { name: 'item', id };
  if (first === 'board') return { name: 'board', id };
  return { name: 'unknown' };
}

/** Two addresses with the same screen share one mounted page: searches change their address as they go. */
export function screenOf(route: Route): string {
  return 'id' in route ? `${route.name}/${route.id}` : route.name;
}

/** `atMs` is the moment of a video that is meant. */
export const itemAddress = (id: string, atMs: number | null = null) =>
  `/item/${encodeURIComponent(id)}${atMs ? `?at=${Math.round(atMs)}` : ''}`;
export const boardAddress = (id: string) => `/board/${encodeURIComponent(id)}`;

export function searchAddress(given: Record<string, string | null | undefined>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value) params.set(name, value);
  const text = params.toString();
  return text ? `/search?${text}` : '/search';
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
