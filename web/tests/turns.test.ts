import { expect, test } from 'vitest';
import { inTurn } from '../src/lib/turns';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('what is asked first is done first, even if it is slower', async () => {
  const done: string[] = [];
  const act = (name: string, ms: number) => () => pause(ms).then(() => void done.push(name));

  await Promise.all([inTurn('a', act('save', 20)), inTurn('a', act('undo', 0)), inTurn('b', act('other', 5))]);

  expect(done).toEqual(['other', 'save', 'undo']);
});

test('what fails does not stop what comes after, and its own caller hears of it', async () => {
  const first = inTurn('a', async () => Promise.reject(new Error('no')));
  const second = inTurn('a', async () => 'yes');

  await expect(first).rejects.toThrow('no');
  expect(await second).toBe('yes');
});
