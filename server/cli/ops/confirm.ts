import { EXIT } from '#server/cli/ops/exit-codes';
import { OpsFailure, usageFailure } from '#server/cli/ops/failure';
import type { Confirmation } from '#server/runs/procedure';

/**
 * How each procedure is confirmed; the same levels as the procedures themselves say, which a test compares. A procedure
 * that this command line does not know is confirmed as the most drastic one.
 */
const LEVELS: Record<string, Confirmation> = {
  'deployments.deploy': 'consequential',
  'deployments.rollback': 'consequential',
  'deployments.check': 'safe',
  'deployments.validate': 'safe',
  'deployments.restart': 'consequential',
  'maintenance.enable': 'consequential',
  'maintenance.disable': 'consequential',
  'maintenance.clear-cache': 'consequential',
  'maintenance.optimise': 'consequential',
  'security.lockdown': 'drastic',
  'security.unlock': 'drastic',
};

export function confirmationOf(procedure: string): Confirmation {
  return LEVELS[procedure] ?? 'drastic';
}

export interface Question {
  level: Confirmation;
  /** What will be done, as a question: `Deploy v1.3.0 to shop/production?` */
  text: string;
  /** What a drastic command has typed: the name of its target. */
  name: string;
  /** --yes was given. */
  yes: boolean;
  /** Somebody sits at a terminal. */
  canAsk: boolean;
  ask: (question: string) => Promise<string>;
}

/**
 * The one place where commands ask. Safe ones do not; consequential ones ask y/N, which --yes answers; drastic ones have
 * the target's name typed, at a terminal only, and refuse --yes.
 * @throws OpsFailure `usage` where nobody can be asked or --yes may not answer, `refused` when the answer is no
 */
export async function confirm(question: Question): Promise<void> {
  const { level, text, name, yes, canAsk } = question;
  if (level === 'safe') return;
  if (level === 'drastic') {
    if (yes) {
      throw usageFailure(
        '--yes does not answer for a command as drastic as this one. Nothing was started.',
        `Run it in a terminal without --yes, and type ${name} when asked.`,
      );
    }
    if (!canAsk) {
      throw usageFailure(
        'This command must be confirmed by typing a name, and there is no terminal to ask at. Nothing was started.',
        'Run it in a terminal.',
      );
    }
    const typed = await question.ask(`${text} Type ${name} to go on: `);
    if (typed.trim() === name) return;
    throw new OpsFailure(EXIT.refused, `That was not ${name}. Nothing was started.`, { kind: 'declined' });
  }
  if (yes) return;
  if (!canAsk) {
    throw usageFailure(
      'This must be confirmed, and there is no terminal to ask at. Nothing was started.',
      'Add --yes to say yes beforehand.',
    );
  }
  const answer = await question.ask(`${text} [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new OpsFailure(EXIT.refused, 'Not confirmed. Nothing was started.', { kind: 'declined' });
}
