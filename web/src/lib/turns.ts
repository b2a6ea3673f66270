// Calls about one item, one after the other: an undo must not overtake what it undoes.

const last = new Map<string, Promise<unknown>>();

export async function inTurn<Answer>(key: string, act: () => Promise<Answer>): Promise<Answer> {
  const before = last.get(key) ?? Promise.resolve();
  const mine = before.catch(() => undefined).then(act);
  last.set(key, mine);
  try {
    return await mine;
  } finally {
    if (last.get(key) === mine) last.delete(key);
  }
}
