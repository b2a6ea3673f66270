import { describe, expect, test } from 'vitest';
import { Problem } from '../src/api/client';
import type { Card } from '../src/api/types';
import { EndlessList } from '../src/lib/endless.svelte';
import type { Batch, Entry } from '../src/lib/entries';

const picture = { sha: 's', width: 2, height: 3, frames: 1, placeholder: '', colour: '#123456' };
const entry = (id: string, hasPicture = true): Entry => ({
  card: { id, picture: hasPicture ? picture : null } as Card,
  requestId: 'r',
  position: 0,
  reason: null,
  sectionId: null,
  frame: null,
  atMs: null,
});
const ids = (list: EndlessList) => list.entries.map(({ card }) => card.id).join('');

function pages(...given: (string | Error)[]): EndlessList {
  let at = 0;
  return new EndlessList(async (cursor): Promise<Batch> => {
    expect(cursor).toBe(at === 0 ? null : `c${at}`);
    const page = given[at]!;
    if (page instanceof Error) {
      given[at] = 'z';
      throw page;
    }
    at++;
    return { entries: [...page].map((id) => entry(id)), cursor: at < given.length ? `c${at}` : null };
  });
}

describe('EndlessList', () => {
  test('goes on by cursor to the end', async () => {
    const list = pages('ab', 'cd');

    await list.more();
    expect([ids(list), list.status]).toEqual(['ab', 'waiting']);
    await list.more();
    expect([ids(list), list.status]).toEqual(['abcd', 'complete']);
    await list.more();
    expect(ids(list)).toBe('abcd');
  });

  test('asks once at a time', async () => {
    const list = pages('ab', 'cd');

    await Promise.all([list.more(), list.more()]);

    expect(ids(list)).toBe('ab');
  });

  test('an item that comes twice is shown once, one without a picture never', async () => {
    const list = new EndlessList(async () => ({ entries: [entry('a'), entry('b', false), entry('a')], cursor: null }));

    await list.more();

    expect(ids(list)).toBe('a');
  });

  test('a page that fails is asked for again from the same place', async () => {
    const list = pages('ab', new Problem(503, 'busy', 'Busy.'));
    await list.more();

    await list.more();
    expect([list.status, list.problem?.message, ids(list)]).toEqual(['failed', 'Busy.', 'ab']);
    await list.again();
    expect([list.status, list.problem, ids(list)]).toEqual(['complete', null, 'abz']);
  });

  test('pages that bring nothing new are not asked for without end', async () => {
    let asked = 0;
    const list = new EndlessList(async () => {
      asked++;
      return { entries: [entry('a')], cursor: 'again' };
    });

    await list.more();
    await list.more();
    await new Promise((resolve) => setTimeout(resolve, 5));

    expect(list.status).toBe('complete');
    expect(asked).toBeLessThanOrEqual(5);
  });

  test('what is taken out can be put back where it was', async () => {
    const list = pages('abc');
    await list.more();

    const putBack = list.remove('b');
    expect(ids(list)).toBe('ac');
    putBack();
    putBack();
    expect(ids(list)).toBe('abc');
  });

  test('nothing at all is empty only once that is known', async () => {
    const list = pages('');

    expect(list.isEmpty).toBe(false);
    await list.more();
    expect(list.isEmpty).toBe(true);
  });
});
