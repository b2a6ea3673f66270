// A few small things kept in this browser; a browser that keeps nothing costs convenience, not function.

export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`bowerbird.${name}`);
  } catch {
    return null;
  }
}

export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`bowerbird.${name}`);
    else localStorage.setItem(`bowerbird.${name}`, value);
  } catch {
    // Storage is full or forbidden here.
  }
}
