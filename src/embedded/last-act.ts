const acts = new Set<() => void>();
let isHeard = false;

/**
 * Does something where the process ends before it could be done in order: a second Ctrl-C, an error that
 * nobody caught. It has to be done when it returns, for nothing is waited for any more. What is returned
 * takes it back; a process that is killed does nothing at all, and the next start finds what it left.
 */
export function asLastAct(act: () => void): () => void {
  if (!isHeard) process.once('exit', doAll);
  isHeard = true;
  acts.add(act);
  return () => {
    acts.delete(act);
  };
}

function doAll(): void {
  for (const act of acts) {
    try {
      act();
    } catch {
      // The others still have theirs to do.
    }
  }
}
