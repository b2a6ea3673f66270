// What a search is narrowed to: read from the address, written to the address, and said as the API's filter.

export interface Filters {
  category: string[];
  brand: string[];
  colour: string[];
  /** In whole units of the catalogue's currency. */
  leastPrice: number | null;
  mostPrice: number | null;
  onlyInStock: boolean;
}

export type ListName = 'category' | 'brand' | 'colour';
export const LISTS: readonly ListName[] = ['category', 'brand', 'colour'];

export function filtersOf(params: URLSearchParams): Filters {
  return {
    category: params.getAll('category'),
    brand: params.getAll('brand'),
    colour: params.getAll('colour'),
    leastPrice: amount(params.get('from')),
    mostPrice: amount(params.get('to')),
    onlyInStock: params.get('stock') === '1',
  };
}

/** The same address with these filters in place of those it had. */
export function withFilters(params: URLSearchParams, filters: Filters): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const name of LISTS) {
    next.delete(name);
    for (const value of filters[name]) next.append(name, value);
  }
  put(next, 'from', filters.leastPrice === null ? null : String(filters.leastPrice));
  put(next, 'to', filters.mostPrice === null ? null : String(filters.mostPrice));
  put(next, 'stock', filters.onlyInStock ? '1' : null);
  return next;
}

export function toggled(filters: Filters, name: ListName, value: string): Filters {
  const has = filters[name].includes(value);
  return { ...filters, [name]: has ? filters[name].filter((other) => other !== value) : [...filters[name], value] };
}

/** The filter as the API wants it, or null where nothing is narrowed. */
export function filterJson(filters: Filters): string | null {
  const parts: unknown[] = [];
  for (const name of LISTS) {
    const any = filters[name].map((value) => ({ eq: [name, value] }));
    if (any.length) parts.push(any.length === 1 ? any[0] : { or: any });
  }
  if (filters.leastPrice !== null || filters.mostPrice !== null) parts.push({ range: priceRange(filters) });
  if (filters.onlyInStock) parts.push({ eq: ['availability', 'in_stock'] });
  if (!parts.length) return null;
  return JSON.stringify(parts.length === 1 ? parts[0] : { and: parts });
}

export function isNarrowed(filters: Filters): boolean {
  return filterJson(filters) !== null;
}

function priceRange({ leastPrice, mostPrice }: Filters): Record<string, unknown> {
  const range: Record<string, unknown> = { field: 'price_micros' };
  if (leastPrice !== null) range.gte = Math.round(leastPrice * 1e6);
  // The API's upper end is open; "up to 20" includes 20.
  if (mostPrice !== null) range.lt = Math.round(mostPrice * 1e6) + 1;
  return range;
}

function amount(text: string | null): number | null {
  const value = Number(text);
  return text === null || text === '' || !Number.isFinite(value) || value < 0 ? null : value;
}

function put(params: URLSearchParams, name: string, value: string | null): void {
  if (value === null) params.delete(name);
  else params.set(name, value);
}
