/** The least time between two figures of one progress, in milliseconds: upstream's. */
const pause = 100;

/**
 * Passes a progress' figures on, but none that comes right after another: each costs every listener, and stays in the history. Whoever
 * counts tells the last one in another way.
 */
export function nowAndThen<Figures extends readonly unknown[]>(
  tell: (...figures: Figures) => void,
): (...figures: Figures) => void {
  let next = 0;
  return (...figures) => {
    const now = performance.now();
    if (now < next) return;
    next = now + pause;
    tell(...figures);
  };
}
