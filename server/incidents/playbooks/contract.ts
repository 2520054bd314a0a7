import * as z from 'zod/mini';
import { incidentNumberInput } from '#server/incidents/contract';
import {
  RESTORE_WAYS,
  SELF_STARTING,
  STEP_ACTIONS,
  STEP_STATES,
  STEP_TEXT_MAX,
  STEP_TITLE_MAX,
  WATCH_INTERVAL_DEFAULT,
  WATCH_MINUTES_DEFAULT,
} from '#server/incidents/playbooks/words/contract';
import { INCIDENT_LEVELS, INCIDENT_TEXT_MAX } from '#server/incidents/words/contract';
import { timestamp, versionInput } from '#server/platform/contract';
import { defineEvent } from '#server/platform/events-contract';

const number = incidentNumberInput;
const version = versionInput.check(
  z.describe('The one of the step that was looked at: when somebody was quicker, nothing is changed.'),
);
const level = z.coerce
  .number('Choose a level from 1 to 4.')
  .check(
    z.int('Choose a level from 1 to 4.'),
    z.minimum(1, 'Choose a level from 1 to 4.'),
    z.maximum(4, 'Choose a level from 1 to 4.'),
  );
const key = z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,60}$/, 'There is no step of this key.'));
const place = z.string().check(z.minLength(1), z.maxLength(40));
/** A field of a form that was left empty is absent. */
const optional = <T extends z.ZodMiniType>(schema: T) =>
  z.optional(
    z.pipe(
      z.transform((value) => (value === '' ? undefined : value)),
      z.optional(schema),
    ),
  );
const text = z
  .string('Write something.')
  .check(
    z.trim(),
    z.minLength(1, 'Write something.'),
    z.maxLength(INCIDENT_TEXT_MAX - 500, `At most ${INCIDENT_TEXT_MAX - 500} characters.`),
  );
const title = z
  .string('Say what is to be done.')
  .check(
    z.trim(),
    z.minLength(1, 'Say what is to be done.'),
    z.maxLength(STEP_TITLE_MAX, `At most ${STEP_TITLE_MAX} characters.`),
  );
const description = z
  .string()
  .check(z.trim(), z.maxLength(STEP_TEXT_MAX, `At most ${STEP_TEXT_MAX} characters.`));
const action = z.enum(STEP_ACTIONS, `Choose one of ${STEP_ACTIONS.join(', ')}.`);

export const playbookInput = z.object({ number });

export const settleStepInput = z.object({
  number,
  key,
  version,
  state: z.enum(['open', 'done', 'skipped'], 'Choose open, done or skipped.'),
  note: optional(z.string().check(z.trim(), z.maxLength(STEP_TEXT_MAX))).check(
    z.describe('What was done; of a step that is left out: why.'),
  ),
});

export const runActionInput = z.object({
  number,
  action,
  minutes: z
    ._default(
      z.coerce
        .number('Enter whole minutes.')
        .check(z.int('Enter whole minutes.'), z.minimum(1), z.maximum(1_440, 'Enter at most a day.')),
      WATCH_MINUTES_DEFAULT,
    )
    .check(z.describe('Of enhanced-monitoring: for how long.')),
  intervalSeconds: z
    ._default(
      z.coerce
        .number('Enter whole seconds.')
        .check(z.int('Enter whole seconds.'), z.minimum(1), z.maximum(60, 'Enter 60 seconds or less.')),
      WATCH_INTERVAL_DEFAULT,
    )
    .check(z.describe('Of enhanced-monitoring: how often it looks.')),
});

export const workaroundInput = z.object({ number, text });

export const scheduleFixInput = z.object({
  number,
  text,
  dueOn: optional(z.iso.date('Write a day, like 2026-12-24.')).check(
    z.describe('By when; absent: in 14 days.'),
  ),
  email: optional(z.string().check(z.trim(), z.toLowerCase(), z.maxLength(254))).check(
    z.describe('Who fixes it; absent: yourself.'),
  ),
});

export const emergencyInput = z.object({ service: place, environment: z.optional(place) });

export const listPlaybooksInput = z.object({ level: z.optional(level) });

export const addPlaybookStepInput = z.object({
  level,
  title,
  description: z._default(description, ''),
  action: optional(action).check(z.describe('Absent: a person does it.')),
  startsItself: z
    ._default(z.union([z.boolean(), z.stringbool()]), false)
    .check(z.describe(`The console begins it without being asked: ${SELF_STARTING.join(', ')}.`)),
});

export const changePlaybookStepInput = z.object({
  level,
  key,
  version: versionInput,
  title: z.optional(title),
  description: z.optional(description),
  startsItself: z.optional(z.union([z.boolean(), z.stringbool()])),
  isActive: z
    .optional(z.union([z.boolean(), z.stringbool()]))
    .check(z.describe('False retires it: incidents that begin from now on do not have it.')),
});

export const movePlaybookStepInput = z.object({
  level,
  key,
  version: versionInput,
  direction: z.enum(['up', 'down'], 'Choose up or down.'),
});

const levelView = z.literal(INCIDENT_LEVELS);

export const playbookStepView = z.object({
  level: levelView,
  key: z.string(),
  title: z.string(),
  description: z.string(),
  action: z.nullable(z.enum(STEP_ACTIONS)),
  startsItself: z.boolean(),
  isActive: z.boolean(),
  version: z.int(),
  changedAt: timestamp,
  changedByName: z.string(),
});
export type PlaybookStepView = z.infer<typeof playbookStepView>;

export const playbookSteps = z.object({ rows: z.array(playbookStepView) });

/** Enhanced monitoring as it stands now. */
export const watchView = z.object({
  service: z.string(),
  environment: z.string(),
  intervalSeconds: z.nullable(z.number()),
  expiresAt: z.nullable(timestamp),
  isOpen: z.boolean(),
  endedAt: z.nullable(timestamp),
  endReason: z.nullable(z.string()),
});

export const incidentStepView = z.object({
  key: z.string(),
  level: levelView.check(z.describe('The level that brought it.')),
  title: z.string(),
  description: z.string(),
  action: z
    .nullable(z.enum(STEP_ACTIONS))
    .check(z.describe('What the console does; null: a person does it.')),
  state: z.enum(STEP_STATES),
  version: z.int(),
  byName: z.nullable(z.string()),
  at: z.nullable(timestamp),
  note: z.nullable(z.string()),
  watch: z.nullable(watchView),
});
export type IncidentStepView = z.infer<typeof incidentStepView>;

const checkFact = z.object({
  checkId: z.string(),
  title: z.string(),
  target: z.string(),
  state: z.string().check(z.describe('failed, not_run, ok, waiting or paused.')),
  since: z.nullable(timestamp),
  message: z.nullable(z.string()),
});
export type CheckFact = z.infer<typeof checkFact>;

export const endpointFact = z.object({
  route: z.string(),
  errorPercent: z.number().check(z.describe('Of its requests of the last five minutes.')),
  requestsPerSecond: z.nullable(z.number()),
});
export type EndpointFact = z.infer<typeof endpointFact>;

export const damageAt = z.object({
  service: z.string(),
  environment: z.string(),
  health: z.string().check(z.describe('The worst of its checks; unknown when nothing was read.')),
  checks: z.array(checkFact).check(z.describe('Failing ones first.')),
  checksTotal: z.int(),
  checksFailing: z.int(),
  errorPercent: z.nullable(z.number()).check(z.describe('Of all requests of the last five minutes.')),
  latencyP95Ms: z.nullable(z.number()),
  requestsPerSecond: z.nullable(z.number()),
  endpoints: z
    ._default(z.array(endpointFact), [])
    .check(z.describe('Those that answered with errors, the worst first; at most ten.')),
  alerts: z.array(
    z.object({
      alertId: z.string(),
      title: z.string(),
      severity: z.string(),
      state: z.string(),
      openedAt: timestamp,
    }),
  ),
  changes: z
    .array(
      z.object({
        runId: z.string(),
        number: z.int(),
        title: z.string(),
        status: z.string(),
        at: timestamp,
        byName: z.string(),
      }),
    )
    .check(z.describe('Runs of the last 24 hours, the newest first.')),
  notMeasured: z.array(z.string()).check(z.describe('What could not be measured, and why.')),
});
export type DamageAt = z.infer<typeof damageAt>;

export const damageFacts = z.object({ places: z.array(damageAt), notMeasured: z.array(z.string()) });
export type DamageFacts = z.infer<typeof damageFacts>;

export const restoreOption = z.object({
  way: z.enum(RESTORE_WAYS),
  isPossible: z.boolean(),
  words: z.string().check(z.describe('What it would do, or why it cannot be done now.')),
  path: z.string().check(z.describe('The page of this console where a person confirms it.')),
});
export type RestoreOption = z.infer<typeof restoreOption>;

export const restoreFacts = z.object({
  places: z.array(
    z.object({ service: z.string(), environment: z.string(), options: z.array(restoreOption) }),
  ),
  notMeasured: z.array(z.string()),
});
export type RestoreFacts = z.infer<typeof restoreFacts>;

export const damageView = z.object({ at: timestamp, byName: z.string(), facts: damageFacts });
export type DamageView = z.infer<typeof damageView>;
export const restoreView = z.object({ at: timestamp, byName: z.string(), facts: restoreFacts });
export type RestoreView = z.infer<typeof restoreView>;

export const incidentPlaybook = z.object({
  number: z.int(),
  steps: z.array(incidentStepView),
  done: z.int().check(z.describe('Steps that are done or left out.')),
  damage: z.nullable(damageView).check(z.describe('The last assessment of the damage.')),
  restore: z
    .nullable(restoreView)
    .check(z.describe('What could restore the service, when it was last looked at.')),
});
export type IncidentPlaybook = z.infer<typeof incidentPlaybook>;

const attachedTo = z
  .nullable(z.int())
  .check(z.describe('The open incident that it was written into; null when there is none.'));
export const assessedDamage = z.extend(damageView, { incidentNumber: attachedTo });
export const proposedRestore = z.extend(restoreView, { incidentNumber: attachedTo });

export const scheduledFix = z.extend(incidentPlaybook, {
  hasActionItem: z
    .boolean()
    .check(
      z.describe(
        'It is an action item of the post-mortem by now; false: there is no post-mortem yet, which begins with it.',
      ),
    ),
});

/** Steps were copied into an incident that the console begins without being asked. */
export const selfStartingSteps = defineEvent('incident.steps-due', z.object({ number: z.int() }));

/** A step asks to have an environment checked more often. */
export const watchRequested = defineEvent(
  'incident.watch-requested',
  z.object({
    toggleId: z.string(),
    service: z.string(),
    environment: z.string(),
    intervalSeconds: z.number(),
    until: z.string(),
    reason: z.string(),
    by: z.object({ type: z.string(), id: z.nullable(z.string()), name: z.string() }),
  }),
);

/** Who fixes it for good, and by when. */
export const fixScheduled = defineEvent(
  'incident.fix-scheduled',
  z.object({
    number: z.int(),
    itemId: z.string(),
    title: z.string(),
    dueOn: z.string(),
    ownerId: z.string(),
    ownerName: z.string(),
    byName: z.string(),
  }),
);
