import {
  CircleCheck,
  CircleDot,
  CircleMinus,
  Crosshair,
  Info,
  OctagonAlert,
  Search,
  TriangleAlert,
} from 'lucide-react';
import type { StatusMark } from '#app/components/ui/status-mark';
import {
  INCIDENT_LEVEL_LABELS,
  INCIDENT_STATE_LABELS,
  type IncidentLevel,
  type IncidentState,
} from '#server/incidents/words/contract';

type Look = Parameters<typeof StatusMark>[0]['look'];

const LEVEL: Record<IncidentLevel, Omit<Look, 'label'>> = {
  1: { tone: 'critical', icon: OctagonAlert },
  2: { tone: 'warning', icon: TriangleAlert },
  3: { tone: 'info', icon: Info },
  4: { tone: 'unknown', icon: CircleMinus },
};

const STATE: Record<IncidentState, Omit<Look, 'label'>> = {
  investigating: { tone: 'warning', icon: Search },
  identified: { tone: 'info', icon: Crosshair },
  monitoring: { tone: 'info', icon: CircleDot },
  resolved: { tone: 'ok', icon: CircleCheck },
};

export const levelLook = (level: IncidentLevel): Look => ({
  ...LEVEL[level],
  label: `${level} ${INCIDENT_LEVEL_LABELS[level]}`,
});

export const stateLook = (state: IncidentState): Look => ({
  ...STATE[state],
  label: INCIDENT_STATE_LABELS[state],
});
