import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { PageEvent } from '../src/api/types';
import { EventQueue } from '../src/lib/events';

let sent: PageEvent[][] = [];
let answer: () => Promise<Response>;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  answer = async () => new Response('{}', { status: 202 });
  vi.stubGlobal('fetch', async (_: string, request: RequestInit) => {
    sent.push((JSON.parse(String(request.body)) as { events: PageEvent[] }).events);
    return answer();
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('EventQueue', () => {
  test('sends what happened in one batch, a while later, each with its own id', async () => {
    const queue = new EventQueue();
    queue.record('impression', { item_id: 'a', position: 3, request_id: 'r', surface: 'feed' });
    queue.record('closeup', { item_id: 'a' });

    await vi.advanceTimersByTimeAsync(5_000);

    expect(sent).toHaveLength(1);
    expect(sent[0]!.map(({ action, item_id, position }) => [action, item_id, position])).toEqual([
      ['impression', 'a', 3],
      ['closeup', 'a', -1],
    ]);
    expect(new Set(sent[0]!.map(({ event_id }) => event_id)).size).toBe(2);
  });

  test('what did not arrive is sent again with the same ids', async () => {
    answer = async () => {
      throw new TypeError('offline');
    };
    const queue = new EventQueue();
    queue.record('click', { item_id: 'a' });
    await vi.advanceTimersByTimeAsync(5_000);

    answer = async () => new Response('{}', { status: 202 });
    await vi.advanceTimersByTimeAsync(60_000);

    expect(sent).toHaveLength(2);
    expect(sent[1]![0]!.event_id).toBe(sent[0]![0]!.event_id);
  });

  test('what the server refuses is not sent for ever', async () => {
    answer = async () => new Response('{}', { status: 422 });
    const queue = new EventQueue();
    queue.record('click', { item_id: 'a' });

    await vi.advanceTimersByTimeAsync(120_000);

    expect(sent).toHaveLength(1);
  });

  test('on leaving, the browser takes over the rest', async () => {
    const beacons: Blob[] = [];
    vi.stubGlobal('navigator', { sendBeacon: (_: string, body: Blob) => beacons.push(body) > 0 });
    const queue = new EventQueue();
    for (let at = 0; at < 60; at++) queue.record('impression', { item_id: `i${at}` });

    queue.leave();
    await vi.advanceTimersByTimeAsync(5_000);

    const counts = await Promise.all(beacons.map(async (body) => (JSON.parse(await body.text()) as { events: [] }).events.length));
    expect(counts).toEqual([50, 10]);
    expect(sent).toHaveLength(0);
  });
});
