import { describe, expect, test } from 'vitest';
import { counted, forgottenLines, hostOf, labelText, priceText } from '../src/lib/words';

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

describe('forgottenLines', () => {
  const nothing = { kind: 'person' as const, forgotten: 0, removed: {}, remains: [] };

  test('says what was deleted, what may remain and until when', () => {
    const remains = [{ where: 'unused pages', why: 'deleted', until_ms: Date.UTC(2026, 10, 27, 12, 5), how: '' }];
    const lines = forgottenLines({ ...nothing, forgotten: 1, removed: { boards: 2, saves: 1, 'other things': 9 }, remains });

    expect(lines[0]).toBe('Deleted: 2 boards, 1 save.');
    expect(lines[1]).toMatch(/until .*05/);
    expect(lines[2]).toContain('backups');
  });

  test('says that models are trained anew one day', () => {
    const remains = [{ where: 'trained model walk/old', why: 'it learnt', until_ms: null, how: 'train again' }];

    expect(forgottenLines({ ...nothing, forgotten: 1, removed: { events: 3 }, remains })[1]).toMatch(/learnt anew/);
  });

  test('says so where nothing was kept', () => {
    expect(forgottenLines(nothing)[0]).toBe('Nothing was kept about you.');
    expect(forgottenLines(nothing)).toHaveLength(2);
  });
});
