import * as z from 'zod/mini';
import { planPreview } from '#server/deployments/contract';
import { pageOf, pageSizeInput, timestamp } from '#server/platform/contract';
import { defineEvent } from '#server/platform/events-contract';

export const TOGGLE_KINDS = ['maintenance', 'lockdown', 'enhanced_monitoring'] as const;
export type ToggleKind = (typeof TOGGLE_KINDS)[number];

export const TOGGLE_LABELS: Record<ToggleKind, string> = {
  maintenance: 'Maintenance mode',
  lockdown: 'Security lockdown',
  enhanced_monitoring: 'Enhanced monitoring',
};

/** Kinds that are switched on the service itself, by a run that proves it with requests. */
export const SWITCHED_KINDS = ['maintenance', 'lockdown'] as const;
export type SwitchedKind = (typeof SWITCHED_KINDS)[number];

export const DIRECTIONS = ['on', 'off'] as const;
export type Direction = (typeof DIRECTIONS)[number];

export const VERIFICATIONS = ['pending', 'verified', 'unverified'] as const;
export type Verification = (typeof VERIFICATIONS)[number];

export const VERIFICATION_LABELS: Record<Verification, string> = {
  pending: 'Being switched',
  verified: 'Verified',
  unverified: 'Could not verify',
};

export const EMERGENCY_COMMANDS = ['clear-cache', 'optimise'] as const;
export type EmergencyCommand = (typeof EMERGENCY_COMMANDS)[number];

export const EMERGENCY_LABELS: Record<EmergencyCommand, string> = {
  'clear-cache': 'Emergency cache clear',
  optimise: 'Emergency optimise',
};

const name = z.string().check(z.minLength(1), z.maxLength(40));
const place = { service: name, environment: name };
const planHash = z
  .string()
  .check(z.regex(/^[0-9a-f]{64}$/, 'The plan is missing. Open the page again and confirm it there.'));
const reason = z.string().check(z.trim(), z.minLength(3, 'Say why, in a few words.'), z.maxLength(500));
const key = z.optional(z.string().check(z.maxLength(200)));
/** A field of a form that was left empty is absent. */
const optionalNumber = <T extends z.ZodMiniType<number>>(schema: T) =>
  z.optional(
    z.pipe(
      z.transform((value) => (value === '' ? undefined : value)),
      z.optional(schema),
    ),
  );
const minutes = (most: number, words: string) =>
  z.coerce
    .number('Enter whole minutes.')
    .check(z.int('Enter whole minutes.'), z.minimum(1, 'Enter 1 minute or more.'), z.maximum(most, words));

export const MAINTENANCE_MINUTES_MAX = 7 * 24 * 60;
export const ENHANCED_MINUTES_MAX = 24 * 60;
export const RETRY_AFTER_DEFAULT = 300;

/** Addresses and ranges; in a form one text, parted by spaces, commas or lines. */
const addresses = z.pipe(
  z.transform((value) => (typeof value === 'string' ? value.split(/[\s,]+/).filter(Boolean) : value)),
  z
    .array(
      z
        .string()
        .check(
          z.regex(
            /^(\d{1,3}(\.\d{1,3}){3}(\/\d{1,2})?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(\/\d{1,3})?)$/,
            'Enter addresses such as 203.0.113.7, or ranges such as 203.0.113.0/24.',
          ),
        ),
    )
    .check(z.maxLength(50, 'At most 50 addresses.')),
);

export const placeInput = z.object(place);

export const previewToggleInput = z.object({
  ...place,
  kind: z.enum(SWITCHED_KINDS),
  direction: z.enum(DIRECTIONS),
});

export const enableMaintenanceInput = z.object({
  ...place,
  planHash,
  reason,
  minutes: optionalNumber(minutes(MAINTENANCE_MINUTES_MAX, 'Enter at most 7 days, which are 10080 minutes.')),
  retryAfterSeconds: optionalNumber(
    z.coerce
      .number('Enter whole seconds.')
      .check(z.int('Enter whole seconds.'), z.minimum(1), z.maximum(86_400)),
  ),
  allow: z.optional(addresses),
  idempotencyKey: key,
});

export const disableMaintenanceInput = z.object({ ...place, planHash, reason, idempotencyKey: key });

/** Lockdown and unlock: the environment's name is typed, and the password was given within 5 minutes or comes along. */
export const lockdownInput = z.object({
  ...place,
  planHash,
  reason,
  confirmEnvironment: z.string().check(z.trim(), z.maxLength(40)),
  password: z.optional(z.string().check(z.maxLength(200))),
  idempotencyKey: key,
});

export const enableMonitoringInput = z.object({
  ...place,
  reason,
  minutes: minutes(ENHANCED_MINUTES_MAX, 'Enter at most a day, which is 1440 minutes.'),
  intervalSeconds: z.coerce
    .number('Enter whole seconds.')
    .check(
      z.int('Enter whole seconds.'),
      z.minimum(1, 'Enter 1 second or more.'),
      z.maximum(60, 'Enter 60 seconds or less.'),
    ),
});

export const disableMonitoringInput = z.object({ ...place, reason });

export const previewEmergencyInput = z.object({ ...place, command: z.enum(EMERGENCY_COMMANDS) });

export const runEmergencyInput = z.object({
  ...place,
  command: z.enum(EMERGENCY_COMMANDS),
  planHash,
  reason: z.optional(z.string().check(z.trim(), z.maxLength(500))),
  idempotencyKey: key,
});

export const listTogglesInput = z.object({
  service: z.optional(name),
  environment: z.optional(name),
  kind: z.optional(z.enum(TOGGLE_KINDS)),
  order: z
    ._default(z.enum(['newest', 'oldest'], 'Choose newest or oldest.'), 'newest')
    .check(z.describe('oldest: as they were switched on, which new ones do not move.')),
  page: z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1),
  pageSize: pageSizeInput,
});

export const toggleView = z.object({
  id: z.string(),
  service: z.string(),
  environment: z.string(),
  kind: z.enum(TOGGLE_KINDS),
  reason: z.string(),
  startedByName: z.string(),
  startedAt: timestamp,
  expiresAt: z.nullable(timestamp),
  isOpen: z.boolean(),
  verification: z.enum(VERIFICATIONS),
  verifiedAt: z.nullable(timestamp),
  verificationNote: z
    .nullable(z.string())
    .check(z.describe('What was seen, or what kept it from being seen.')),
  runId: z.nullable(z.string()),
  endedAt: z.nullable(timestamp),
  endedByName: z.nullable(z.string()),
  endReason: z.nullable(z.string()),
  endRunId: z.nullable(z.string()),
  intervalSeconds: z.nullable(z.number()).check(z.describe('Of enhanced monitoring.')),
  retryAfterSeconds: z.nullable(z.number()).check(z.describe('Of maintenance mode.')),
  allow: z.array(z.string()).check(z.describe('Addresses that maintenance mode lets in.')),
});
export type ToggleView = z.infer<typeof toggleView>;

export const togglePage = pageOf(toggleView);
export type TogglePage = z.infer<typeof togglePage>;

/** What is switched on in one environment, and whether anything can be switched there. */
export const placeToggles = z.object({
  service: z.string(),
  serviceTitle: z.string(),
  environment: z.string(),
  environmentTitle: z.string(),
  canControl: z.boolean().check(z.describe('Its configuration says how the console reaches it.')),
  toggles: z.array(toggleView),
});
export type PlaceToggles = z.infer<typeof placeToggles>;

export const openToggles = z.object({ rows: z.array(placeToggles) });

export const togglePreview = z.extend(planPreview, {
  current: z.nullable(toggleView).check(z.describe('What is switched on now.')),
});
export type TogglePreview = z.infer<typeof togglePreview>;

/** A toggle was switched on or off, or its state could not be verified. */
export const toggleChanged = defineEvent(
  'maintenance.toggle-changed',
  z.object({
    toggleId: z.string(),
    service: z.string(),
    environment: z.string(),
    kind: z.enum(TOGGLE_KINDS),
    change: z.enum(['on', 'off', 'unverified']),
    reason: z.string(),
    byName: z.string(),
    runId: z.nullable(z.string()),
  }),
);

/** What an incident asked to have checked more often is not, and why. */
export const watchRefused = defineEvent(
  'maintenance.watch-refused',
  z.object({ toggleId: z.string(), why: z.string() }),
);

/** What came of an alert that asked for a lockdown. */
export const breachLockdownDecided = defineEvent(
  'maintenance.breach-lockdown-decided',
  z.object({
    alertId: z.string(),
    service: z.string(),
    environment: z.string(),
    outcome: z.enum(['started', 'refused', 'dry_run']),
    words: z.string(),
    runId: z.nullable(z.string()),
  }),
);
