import {
  BellOff,
  BellRing,
  CircleCheck,
  CircleDashed,
  CircleQuestionMark,
  Hourglass,
  Info,
  OctagonAlert,
  TriangleAlert,
} from 'lucide-react';
import type { StatusMark } from '#app/components/ui/status-mark';
import type { AlertSummary } from '#server/monitoring/alerts/contract';
import { ALERT_STATE_LABELS } from '#server/monitoring/alerts/words/contract';
import {
  RULE_STATE_LABELS,
  type RuleStateName,
  SEVERITY_LABELS,
  type Severity,
} from '#server/monitoring/rules/words/contract';

type Look = Parameters<typeof StatusMark>[0]['look'];

const SEVERITY: Record<Severity, Omit<Look, 'label'>> = {
  critical: { tone: 'critical', icon: OctagonAlert },
  warning: { tone: 'warning', icon: TriangleAlert },
  info: { tone: 'info', icon: Info },
};

export const severityLook = (severity: Severity): Look => ({
  ...SEVERITY[severity],
  label: SEVERITY_LABELS[severity],
});

/** What fires looks as grave as it is; what somebody deals with, or is over, is calm. */
export function alertLook({
  state,
  severity,
  isFlapping,
}: Pick<AlertSummary, 'state' | 'severity' | 'isFlapping'>): Look {
  if (state === 'resolved') return { tone: 'ok', icon: CircleCheck, label: ALERT_STATE_LABELS.resolved };
  if (state === 'acknowledged')
    return { tone: 'info', icon: BellOff, label: ALERT_STATE_LABELS.acknowledged };
  const label = isFlapping ? 'Flapping' : ALERT_STATE_LABELS.firing;
  return { tone: SEVERITY[severity].tone, icon: BellRing, label };
}

const STANDING: Record<RuleStateName, Omit<Look, 'label'>> = {
  inactive: { tone: 'ok', icon: CircleCheck },
  pending: { tone: 'warning', icon: Hourglass },
  firing: { tone: 'critical', icon: BellRing },
  unknown: { tone: 'warning', icon: CircleQuestionMark },
  no_data: { tone: 'unknown', icon: CircleDashed },
};

export const standingLook = (state: RuleStateName): Look => ({
  ...STANDING[state],
  label: RULE_STATE_LABELS[state],
});
