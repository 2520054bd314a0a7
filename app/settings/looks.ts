import { CircleCheck, CircleSlash, Hourglass, MailOpen, TimerOff } from 'lucide-react';
import type { StatusMark } from '#app/components/ui/status-mark';
import {
  PERSON_STATUS_LABELS,
  type PersonStatus,
  TOKEN_STATUS_LABELS,
  type TokenStatus,
} from '#server/auth/contract';

type Look = Parameters<typeof StatusMark>[0]['look'];

const PERSON: Record<PersonStatus, Omit<Look, 'label'>> = {
  active: { tone: 'ok', icon: CircleCheck },
  invited: { tone: 'info', icon: MailOpen },
  disabled: { tone: 'unknown', icon: CircleSlash },
};

const TOKEN: Record<TokenStatus, Omit<Look, 'label'>> = {
  active: { tone: 'ok', icon: CircleCheck },
  expired: { tone: 'unknown', icon: TimerOff },
  revoked: { tone: 'unknown', icon: CircleSlash },
};

/** An active token with less than this left is said to end soon. */
const SOON_MS = 7 * 24 * 3_600_000;

export const personLook = (status: PersonStatus): Look => ({
  ...PERSON[status],
  label: PERSON_STATUS_LABELS[status],
});

/** @param now ms since the epoch */
export function tokenLook(token: { status: TokenStatus; expiresAt: string }, now: number): Look {
  if (token.status === 'active' && Date.parse(token.expiresAt) - now < SOON_MS) {
    return { tone: 'warning', icon: Hourglass, label: 'Ends soon' };
  }
  return { ...TOKEN[token.status], label: TOKEN_STATUS_LABELS[token.status] };
}
