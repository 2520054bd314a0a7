import { CircleCheck, CircleDot, CircleSlash, Hourglass, TriangleAlert } from 'lucide-react';
import {
  MAINTENANCE_STATUS_LABELS,
  type MaintenanceStatus,
  PUBLIC_STATE_LABELS,
  type PublicState,
} from '#server/status/words/contract';

const STATES = {
  investigating: { tone: 'critical', icon: TriangleAlert },
  identified: { tone: 'warning', icon: TriangleAlert },
  monitoring: { tone: 'info', icon: CircleDot },
  resolved: { tone: 'ok', icon: CircleCheck },
} as const;

const MAINTENANCE = {
  planned: { tone: 'info', icon: Hourglass },
  under_way: { tone: 'warning', icon: CircleDot },
  over: { tone: 'unknown', icon: CircleCheck },
  cancelled: { tone: 'unknown', icon: CircleSlash },
} as const;

export function lookOfState(state: PublicState) {
  return { ...STATES[state], label: PUBLIC_STATE_LABELS[state] };
}

export function lookOfMaintenance(status: MaintenanceStatus) {
  return { ...MAINTENANCE[status], label: MAINTENANCE_STATUS_LABELS[status] };
}
