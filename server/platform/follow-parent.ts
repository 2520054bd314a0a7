/**
 * Calls `onGone` once when the process that started this one has ended, however that came: its end of the pipe at our
 * standard input closes. Does nothing for a process that was not started so (OPS_PARENT_PIPE is not 1).
 */
export function followParent(onGone: () => void): void {
  if (process.env.OPS_PARENT_PIPE !== '1') return;
  let isGone = false;
  const once = (): void => {
    if (isGone) return;
    isGone = true;
    onGone();
  };
  process.stdin.on('end', once);
  process.stdin.on('close', once);
  process.stdin.on('error', once);
  process.stdin.resume();
  // Watching must not keep alive a process that is otherwise done.
  (process.stdin as unknown as { unref?: () => void }).unref?.();
}
