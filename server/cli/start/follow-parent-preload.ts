import { followParent } from '#server/platform/follow-parent';

// Loaded with `--import` before a program that knows nothing of its parent: it ends when the parent does.
followParent(() => process.kill(process.pid, 'SIGTERM'));
