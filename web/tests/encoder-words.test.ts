import { expect, test } from 'vitest';
import type { Encoder } from '../src/api/types';
import { progressWords } from '../src/lib/encoder-words';

const generation = { id: 'gen_1', encoder: 'hf:/models/siglip2', made_ms: 1 };
const at = (progress: object | null, ratio = 0): Encoder =>
  ({ active: { ...generation, id: 'first', encoder: 'lite0' }, candidate: generation, progress, ratio }) as Encoder;

test('no switch has no words', () => {
  expect(progressWords({ ...at(null), candidate: null })).toBeNull();
});

test('encoding says how far and how long', () => {
  const words = progressWords(at({ phase: 'encoding', done: 400, total: 1000, per_second: 2 }, 0.388));

  expect(words).toContain('38 %');
  expect(words).toContain('about 5 min left');
});

test('a failure is told with its reason', () => {
  expect(progressWords(at({ phase: 'failed', problem: 'no such folder' }))).toContain('no such folder');
});

test('other phases are told in words', () => {
  expect(progressWords(at({ phase: 'indexing' }))).toContain('searchable');
});
