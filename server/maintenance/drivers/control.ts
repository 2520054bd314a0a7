import type { Direction } from '#server/maintenance/contract';
import { defineToken } from '#server/platform/context';

/** What the service says is switched. */
export interface ControlState {
  release: string | null;
  maintenance: { enabled: boolean; active: boolean; until: string | null };
  lockdown: { enabled: boolean };
}

export interface MaintenanceOrder {
  reason: string;
  /** ISO 8601; null: until it is switched off. */
  until: string | null;
  retryAfterSeconds: number;
  allow: readonly string[];
}

/** Figures of a command: name to number or text, as the service gives them. */
export type ControlFigures = Record<string, unknown>;

/**
 * The port to what can be switched on a service. Every order may be given twice. Each throws {@link ControlError} in
 * words; with `certain` nothing was changed.
 */
export interface ServiceControl {
  readState(signal: AbortSignal): Promise<ControlState>;
  switchMaintenance(direction: Direction, order: MaintenanceOrder, signal: AbortSignal): Promise<void>;
  /** @returns how many sessions were ended */
  switchLockdown(direction: Direction, reason: string, signal: AbortSignal): Promise<number>;
  clearCache(signal: AbortSignal): Promise<ControlFigures>;
  optimise(signal: AbortSignal): Promise<ControlFigures>;
}

/** An order that the service did not carry out, or nobody knows. */
export class ControlError extends Error {
  override name = 'ControlError';
  /** @param certain the service refused, so that nothing was changed; otherwise it may have been */
  constructor(
    message: string,
    readonly certain: boolean,
  ) {
    super(message);
  }
}

/** The control of an environment; null where its configuration has none. */
export const CONTROLS =
  defineToken<(service: string, environment: string) => ServiceControl | null>('controls');
