import { describe, expect, test } from 'vitest';
import { filterJson, filtersOf, isNarrowed, toggled, withFilters } from '../src/lib/filters';

const of = (text: string) => filtersOf(new URLSearchParams(text));
const said = (text: string) => JSON.parse(filterJson(of(text)) ?? 'null') as unknown;

describe('filterJson', () => {
  test('nothing narrowed is no filter', () => {
    expect(filterJson(of('q=vase'))).toBeNull();
    expect(isNarrowed(of('q=vase'))).toBe(false);
  });

  test('one value is one comparison, two are either', () => {
    expect(said('brand=Oak')).toEqual({ eq: ['brand', 'Oak'] });
    expect(said('colour=red&colour=blue')).toEqual({ or: [{ eq: ['colour', 'red'] }, { eq: ['colour', 'blue'] }] });
  });

  test('different things must all hold', () => {
    expect(said('category=Vases&stock=1')).toEqual({
      and: [{ eq: ['category', 'Vases'] }, { eq: ['availability', 'in_stock'] }],
    });
  });

  test('"up to 20" includes 20', () => {
    expect(said('from=9.99&to=20')).toEqual({ range: { field: 'price_micros', gte: 9_990_000, lt: 20_000_001 } });
  });

  test.each(['from=', 'from=-1', 'to=abc', 'stock=yes'])('%s is no filter', (text) => {
    expect(said(text)).toBeNull();
  });
});

describe('withFilters', () => {
  test('comes back as it was, and leaves the rest of the address', () => {
    const filters = of('category=A&category=B&colour=red&from=1&stock=1');

    const next = withFilters(new URLSearchParams('q=vase&brand=Gone&to=5'), filters);

    expect(next.get('q')).toBe('vase');
    expect(filtersOf(next)).toEqual(filters);
  });
});

describe('toggled', () => {
  test('twice is as before', () => {
    const filters = of('brand=Oak');

    expect(toggled(toggled(filters, 'brand', 'Elm'), 'brand', 'Elm')).toEqual(filters);
    expect(toggled(filters, 'brand', 'Oak').brand).toEqual([]);
  });
});
