// Moments of a video: which frame is nearest, and what is said when.

interface Timed {
  at_ms: number;
}

/** The frame that is shown at a moment, or was last. */
export function nearestFrame<Frame extends Timed>(frames: Frame[], ms: number): Frame | null {
  let best: Frame | null = null;
  for (const frame of frames) {
    if (best === null || Math.abs(frame.at_ms - ms) < Math.abs(best.at_ms - ms)) best = frame;
  }
  return best;
}

/** The row of what is said at a moment; -1 before anything is. */
export function spokenNow(cues: Timed[], ms: number): number {
  let low = 0;
  let high = cues.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cues[middle]!.at_ms <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Whether a page may move and load pictures by itself, as far as the person and the browser say. */
export function mayMove(): boolean {
  const connection = (navigator as { connection?: { saveData?: boolean } }).connection;
  return !matchMedia('(prefers-reduced-motion: reduce)').matches && connection?.saveData !== true;
}
