// Hidden items: gone from every list at once, back at once where the person thinks again.

import { SvelteSet } from 'svelte/reactivity';
import * as calls from '../api/calls';
import type { Card } from '../api/types';
import { toasts } from './toasts.svelte';
import { inTurn } from './turns';

class Hidden {
  ids = new SvelteSet<string>();

  async hide(card: Card): Promise<void> {
    this.ids.add(card.id);
    toasts.show('Hidden. You will see fewer like it.', { label: 'Undo', run: () => void this.show(card) });
    try {
      await inTurn(card.id, () => calls.hide(card.id));
    } catch (error) {
      this.ids.delete(card.id);
      toasts.problem(error, 'Not hidden.', () => void this.hide(card));
    }
  }

  async show(card: Card): Promise<void> {
    this.ids.delete(card.id);
    try {
      await inTurn(card.id, () => calls.unhide(card.id));
    } catch (error) {
      this.ids.add(card.id);
      toasts.problem(error, 'Still hidden.', () => void this.show(card));
    }
  }
}

export const hidden = new Hidden();
