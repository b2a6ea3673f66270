// Who is looking: asked once, before anything else, so that every later call carries the same cookie.

import * as calls from '../api/calls';
import { Problem } from '../api/client';
import { remember, remembered } from './remembered';
import { sheets } from './sheets.svelte';
import { forgottenLines } from './words';

class PersonState {
  isKnown = $state(false);
  problem = $state.raw<Problem | null>(null);
  wantsWelcome = $state(false);
  simulatedPeople = $state(0);

  async meet(): Promise<void> {
    this.problem = null;
    try {
      const person = await calls.me();
      const isFresh = person.is_new || (person.saves === 0 && person.hides === 0);
      this.wantsWelcome = isFresh && remembered('welcomed') === null;
      this.simulatedPeople = person.simulated_people;
      this.isKnown = true;
    } catch (error) {
      this.problem = error instanceof Problem ? error : new Problem(0, 'page', 'Something went wrong on this page.');
    }
  }

  welcomed(): void {
    remember('welcomed', '1');
    this.wantsWelcome = false;
  }

  askAgain(): void {
    this.wantsWelcome = true;
  }

  async forget(): Promise<void> {
    const forgotten = await calls.forgetMe();
    for (const name of ['welcomed', 'board', 'searches']) remember(name, null);
    sheets.show({
      kind: 'told',
      title: 'You are forgotten',
      lines: forgottenLines(forgotten),
      on: 'Start anew',
      run: () => location.assign('/'),
    });
  }
}

export const person = new PersonState();
