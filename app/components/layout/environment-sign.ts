import {
  CircleCheck,
  CircleDashed,
  CircleDot,
  Lock,
  type LucideIcon,
  Snowflake,
  TriangleAlert,
} from 'lucide-react';
import type { Tone } from '#app/components/ui/status-mark';
import { formatUtc } from '#app/lib/format';
import { doingLabel } from '#app/runs/labels';
import type { EnvironmentState } from '#server/deployments/contract';

/** How an environment is, in one word; the most urgent thing wins. */
export interface EnvironmentSign {
  tone: Tone;
  icon: LucideIcon;
  word: string;
  /** The whole sentence behind the word. */
  detail: string;
  moving?: boolean;
}

export function environmentSign(state: EnvironmentState): EnvironmentSign {
  const { live, lock, freeze, activeRun } = state;
  if (activeRun?.status === 'needs_attention') {
    return {
      tone: 'critical',
      icon: TriangleAlert,
      word: 'Needs attention',
      detail: `Run #${activeRun.number} stopped and waits for a person.`,
    };
  }
  if (activeRun) {
    return {
      tone: 'info',
      icon: CircleDot,
      moving: true,
      word: doingLabel(activeRun.procedure),
      detail: `Run #${activeRun.number}: ${activeRun.title}.`,
    };
  }
  if (live && !live.validated) {
    return {
      tone: 'warning',
      icon: TriangleAlert,
      word: 'Not validated',
      detail: `${live.tag} takes visitors, but no validation of it has passed.`,
    };
  }
  if (lock) {
    return { tone: 'warning', icon: Lock, word: 'Locked', detail: `Deploys are refused: ${lock.reason}` };
  }
  if (freeze) {
    return {
      tone: 'warning',
      icon: Snowflake,
      word: 'Frozen',
      detail: `Deploys are refused until ${formatUtc(freeze.until)}: ${freeze.reason}`,
    };
  }
  if (!live) {
    return {
      tone: 'unknown',
      icon: CircleDashed,
      word: 'Nothing live',
      detail: 'Nothing has been deployed here yet.',
    };
  }
  return {
    tone: 'ok',
    icon: CircleCheck,
    word: 'Validated',
    detail: `${live.tag} is live and passed validation.`,
  };
}

/** What the browser's tab shows of all environments together. */
export function overallSign(environments: readonly EnvironmentState[]): 'critical' | 'running' | 'calm' {
  const tones = environments.map((state) => environmentSign(state).tone);
  if (tones.includes('critical')) return 'critical';
  return tones.includes('info') ? 'running' : 'calm';
}
