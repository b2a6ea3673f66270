// One search: its pages, and what the server said about it.

import * as calls from '../api/calls';
import type { Verdict } from '../api/types';
import { EndlessList } from './endless.svelte';
import { batchOf } from './entries';
import { events } from './events';

export class SearchRun {
  verdict = $state<Verdict | null>(null);
  message = $state('');
  readonly list: EndlessList;

  constructor(ask: () => Promise<calls.SearchAsk>) {
    this.list = new EndlessList(async (cursor) => {
      const wanted = await ask();
      const page = await calls.search(wanted, cursor);
      if (cursor === null) {
        this.verdict = page.verdict;
        this.message = page.message;
        const isVisual = wanted.picture !== null || wanted.itemId !== null;
        events.record(isVisual ? 'visual_search' : 'search', {
          request_id: page.request_id,
          query: wanted.words,
          item_id: wanted.itemId ?? '',
          surface: 'search',
        });
      }
      return batchOf(page);
    });
  }
}
