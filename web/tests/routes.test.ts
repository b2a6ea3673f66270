import { describe, expect, test } from 'vitest';
import { boardAddress, itemAddress, routeOf, screenOf, searchAddress } from '../src/lib/routes';

describe('routeOf', () => {
  test.each([
    ['/', { name: 'feed' }],
    ['/search', { name: 'search' }],
    ['/boards', { name: 'boards' }],
    ['/boards/', { name: 'boards' }],
    ['/board/b1', { name: 'board', id: 'b1' }],
    ['/nothing', { name: 'unknown' }],
    ['/item', { name: 'unknown' }],
    ['/item/a/b', { name: 'unknown' }],
    ['/item/%E0%A4%A', { name: 'unknown' }],
  ])('%s', (path, route) => {
    expect(routeOf(path)).toEqual(route);
  });

  test.each(['plain', 'with/slash', 'with space', 'ünï?#%&=', '../..'])('an item with the id %s has an address that names it', (id) => {
    expect(routeOf(new URL(itemAddress(id), 'http://here').pathname)).toEqual({ name: 'item', id });
    expect(routeOf(new URL(boardAddress(id), 'http://here').pathname)).toEqual({ name: 'board', id });
  });
});

describe('screenOf', () => {
  test('two items are two screens, two searches are one', () => {
    expect(screenOf({ name: 'item', id: 'a' })).not.toBe(screenOf({ name: 'item', id: 'b' }));
    expect(screenOf({ name: 'search' })).toBe('search');
  });
});

describe('searchAddress', () => {
  test('leaves out what is not given', () => {
    expect(searchAddress({ q: 'blue vase', item: null, region: '' })).toBe('/search?q=blue+vase');
    expect(searchAddress({})).toBe('/search');
  });
});
