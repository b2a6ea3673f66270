import { describe, expect, test } from 'vitest';
import { counted, hostOf, labelText, priceText } from '../src/lib/words';

describe('priceText', () => {
  test('whole amounts have no cents, others have two', () => {
    expect(priceText({ micros: 20_000_000, currency: 'EUR' })).toMatch(/20(?![.,])/);
    expect(priceText({ micros: 9_990_000, currency: 'EUR' })).toMatch(/9[.,]99/);
  });

  test('a currency that is none is still shown', () => {
    expect(priceText({ micros: 1_500_000, currency: '??' })).toBe('1.50 ??');
  });
});

describe('hostOf', () => {
  test.each([
    ['https://www.shop.example/a?b', 'shop.example'],
    ['http://shop.example', 'shop.example'],
    ['javascript:alert(1)', null],
    ['data:text/html,x', null],
    ['', null],
    ['not a link', null],
  ])('%s', (link, host) => {
    expect(hostOf(link)).toBe(host);
  });
});

test('labels read as words', () => {
  expect(labelText('living_room/vases')).toBe('Living room vases');
  expect(labelText('CHAIRS')).toBe('Chairs');
  expect(labelText('USB')).toBe('USB');
});

test('one is one', () => {
  expect(counted(1, 'picture')).toBe('1 picture');
  expect(counted(0, 'picture')).toBe('0 pictures');
});
