// Short messages at the foot of the page, spoken to screen readers, some with one thing to do about them.

export interface Toast {
  id: number;
  text: string;
  action: { label: string; run: () => void } | null;
  isProblem: boolean;
}

const SHOWN_MS = 6_000;
const MOST = 3;

class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #serial = 0;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  show(text: string, action: Toast['action'] = null, isProblem = false): void {
    const toast = { id: ++this.#serial, text, action, isProblem };
    this.list = [...this.list, toast].slice(-MOST);
    this.resume(toast.id);
  }

  problem(error: unknown, whatFailed: string, again?: () => void): void {
    const why = error instanceof Error && error.message ? ` ${error.message}` : '';
    this.show(`${whatFailed}${why}`, again ? { label: 'Try again', run: again } : null, true);
  }

  close(id: number): void {
    this.pause(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** A toast that is being read or reached for stays. */
  pause(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  resume(id: number): void {
    this.pause(id);
    this.#timers.set(
      id,
      setTimeout(() => this.close(id), SHOWN_MS),
    );
  }
}

export const toasts = new Toasts();
