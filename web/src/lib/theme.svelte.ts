// Light or dark: as the system says, until the person chooses.

import { remember, remembered } from './remembered';

type Theme = 'light' | 'dark';

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

class ThemeChoice {
  #chosen = $state<Theme | null>(null);
  #systemIsDark = $state(systemIsDark.matches);

  constructor() {
    const kept = remembered('theme');
    if (kept === 'light' || kept === 'dark') this.#choose(kept);
    systemIsDark.addEventListener('change', () => (this.#systemIsDark = systemIsDark.matches));
  }

  get isDark(): boolean {
    return this.#chosen ? this.#chosen === 'dark' : this.#systemIsDark;
  }

  toggle(): void {
    const next: Theme = this.isDark ? 'light' : 'dark';
    this.#choose(next);
    remember('theme', next);
  }

  #choose(theme: Theme): void {
    this.#chosen = theme;
    document.documentElement.dataset.theme = theme;
  }
}

export const theme = new ThemeChoice();
