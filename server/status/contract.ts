import * as z from 'zod/mini';
import { seenVersionInput, timestamp } from '#server/platform/contract';
import { defineEvent } from '#server/platform/events-contract';
import {
  COMPONENT_STATES,
  IMPACTS,
  MAINTENANCE_STATUSES,
  PUBLIC_STATES,
} from '#server/status/words/contract';

export const STATUS_TITLE_MAX = 150;
export const STATUS_TEXT_MAX = 2_000;
/** The longest time until a next update that can be promised, minutes. */
export const NEXT_UPDATE_MAX_MINUTES = 1_440;
/** The longest maintenance that can be announced, days, and how far ahead. */
export const MAINTENANCE_MAX_DAYS = 30;
export const MAINTENANCE_AHEAD_DAYS = 366;
/** Checks that one component can stand for by name. */
const COMPONENT_CHECKS_MAX = 50;

const title = z
  .string('Say in a few words what visitors notice.')
  .check(
    z.trim(),
    z.minLength(1, 'Say in a few words what visitors notice.'),
    z.maxLength(STATUS_TITLE_MAX, `At most ${STATUS_TITLE_MAX} characters.`),
  );
const text = z
  .string('Write what the public should know.')
  .check(
    z.trim(),
    z.minLength(1, 'Write what the public should know.'),
    z.maxLength(STATUS_TEXT_MAX, `At most ${STATUS_TEXT_MAX} characters.`),
    z.describe('Plain text, shown to everybody as it is.'),
  );
const whole = (message: string, most = 2_147_483_647) =>
  z.coerce.number(message).check(z.int(message), z.minimum(1, message), z.maximum(most, message));
const componentKey = z
  .string()
  .check(z.regex(/^[a-z0-9][a-z0-9-]{0,80}$/, 'There is no such component on the status page.'));
const moment = z.iso.datetime({
  offset: true,
  error: 'Write a date and a time with its offset, like 2026-12-24T18:00:00Z.',
});
const version = seenVersionInput;
const impactsInput = z._default(
  z
    .array(
      z.object({
        component: componentKey,
        impact: z.enum(IMPACTS, 'Choose none, degraded, partial_outage or major_outage.'),
      }),
    )
    .check(z.maxLength(100)),
  [],
);
const nextUpdateInput = z.optional(
  z.coerce
    .number('Give minutes.')
    .check(
      z.int('Give whole minutes.'),
      z.minimum(0),
      z.maximum(NEXT_UPDATE_MAX_MINUTES, 'Promise the next update within a day.'),
    ),
);
const draftId = z.uuid('There is no such draft.');
const draftSeen = z.object({ draftId, version });

export const postStatusUpdateInput = z.object({
  number: z
    .optional(whole('Give the number of a public incident, like 7.'))
    .check(z.describe('The public incident that it is about; absent: a new one is opened.')),
  version: z.optional(version),
  title: z.optional(title).check(z.describe('Of a new one: what visitors notice.')),
  incident: z
    .optional(whole('Give the number of an incident, like 42.'))
    .check(z.describe('Of a new one: the incident of the console behind it, which stays inside.')),
  state: z.enum(PUBLIC_STATES, 'Choose investigating, identified, monitoring or resolved.'),
  text,
  impacts: impactsInput.check(z.describe('What is affected, and how; what is left out is not affected.')),
  nextUpdateMinutes: nextUpdateInput.check(
    z.describe('When the next update is promised; 0: none is. Absent: 20 in the first two hours.'),
  ),
  drafts: z
    ._default(z.array(draftSeen).check(z.maxLength(10)), [])
    .check(
      z.describe('Drafts whose words are posted: they go with it, unless somebody has changed one since.'),
    ),
  requestKey: z
    .optional(z.uuid('Give a UUID.'))
    .check(z.describe('Chosen by the caller: an update of a key is posted once.')),
});

export const keepStatusDraftInput = z.object({
  number: z
    .optional(whole('Give the number of a public incident, like 7.'))
    .check(z.describe('The public incident that it is for; absent: a new one.')),
  incident: z
    .optional(whole('Give the number of an incident, like 42.'))
    .check(z.describe('Of a new one: the incident of the console behind it.')),
  title: z._default(
    z.string().check(z.trim(), z.maxLength(STATUS_TITLE_MAX, `At most ${STATUS_TITLE_MAX} characters.`)),
    '',
  ),
  state: z.enum(PUBLIC_STATES, 'Choose investigating, identified, monitoring or resolved.'),
  text: z._default(
    z.string().check(z.maxLength(STATUS_TEXT_MAX, `At most ${STATUS_TEXT_MAX} characters.`)),
    '',
  ),
  impacts: impactsInput,
  nextUpdateMinutes: nextUpdateInput,
  seen: z
    .optional(draftSeen)
    .check(z.describe('Your own draft of the same, as you looked at it: this is put in its place.')),
  taken: z
    .optional(draftSeen)
    .check(
      z.describe('The draft of somebody else that these words go on from. It stays until it is posted.'),
    ),
});

export const discardStatusDraftInput = z.object({ draftId, version });

export const announceMaintenanceInput = z.object({
  title,
  text,
  startsAt: moment,
  endsAt: moment,
  components: z._default(z.array(componentKey).check(z.maxLength(100)), []),
});

export const cancelMaintenanceInput = z.object({ maintenanceId: z.uuid('This maintenance does not exist.') });

const componentFields = {
  name: z
    .string('Give a name.')
    .check(z.trim(), z.minLength(1, 'Give a name.'), z.maxLength(80, 'At most 80 characters.')),
  description: z._default(z.string().check(z.trim(), z.maxLength(200, 'At most 200 characters.')), ''),
  group: z
    ._default(z.string().check(z.trim(), z.maxLength(80, 'At most 80 characters.')), '')
    .check(z.describe('The heading under which the public sees it; empty: none.')),
  checkKeys: z
    ._default(
      z
        .array(z.string().check(z.trim(), z.minLength(1, 'Give keys of checks.'), z.maxLength(60)))
        .check(z.maxLength(COMPONENT_CHECKS_MAX, `At most ${COMPONENT_CHECKS_MAX} checks.`)),
      [],
    )
    .check(z.describe('Keys of the checks that it stands for; none: all of its environment.')),
};
const place = z
  .string('Say what it stands for.')
  .check(z.minLength(1, 'Say what it stands for.'), z.maxLength(40));

export const addStatusComponentInput = z.object({ service: place, environment: place, ...componentFields });

export const retireStatusComponentInput = z.object({ key: componentKey, version });

export const changeStatusComponentInput = z.object({
  key: componentKey,
  version,
  ...componentFields,
  position: whole('Give its place, from 1.', 10_000),
  isShown: z.union([z.boolean(), z.stringbool()]).check(z.describe('Whether the public sees it.')),
});

const state = z.enum(PUBLIC_STATES);
const impactView = z.object({ name: z.string(), impact: z.enum(IMPACTS) });

export const uptimeDay = z.object({
  date: z.string().check(z.describe('A day of UTC.')),
  percent: z.nullable(z.number()).check(z.describe('Null: nobody looked.')),
});
export type UptimeDay = z.infer<typeof uptimeDay>;

export const publicComponent = z.object({
  name: z.string(),
  description: z.string(),
  // A copy of a release that knew no headings has none.
  group: z._default(z.string(), '').check(z.describe('The heading under which it is; empty: none.')),
  state: z.enum(COMPONENT_STATES),
  uptimePercent: z.nullable(z.number()),
  days: z.array(uptimeDay),
});
export type PublicComponent = z.infer<typeof publicComponent>;

export const publicIncident = z.object({
  number: z.int(),
  title: z.string(),
  state,
  openedAt: timestamp,
  resolvedAt: z.nullable(timestamp),
  nextUpdateAt: z.nullable(timestamp),
  affected: z.array(impactView),
  updates: z.array(z.object({ state, text: z.string(), at: timestamp })),
});
export type PublicIncident = z.infer<typeof publicIncident>;

export const publicMaintenance = z.object({
  title: z.string(),
  text: z.string(),
  startsAt: timestamp,
  endsAt: timestamp,
  status: z.enum(MAINTENANCE_STATUSES),
  components: z.array(z.string()),
});
export type PublicMaintenance = z.infer<typeof publicMaintenance>;

/** All that the public sees; there is nothing in it that they may not. */
export const publicStatus = z.object({
  overall: z.enum(COMPONENT_STATES),
  components: z.array(publicComponent),
  incidents: z.array(publicIncident).check(z.describe('The newest first.')),
  maintenance: z.array(publicMaintenance).check(z.describe('Planned and under way, and what lately was.')),
});
export type PublicStatus = z.infer<typeof publicStatus>;

export const statusComponentView = z.object({
  key: z.string(),
  name: z.string(),
  description: z.string(),
  position: z.int(),
  service: z.string(),
  environment: z.string(),
  group: z.string().check(z.describe('The heading under which the public sees it; empty: none.')),
  checkKeys: z.array(z.string()).check(z.describe('None: all checks of the environment.')),
  isShown: z.boolean(),
  isRetired: z.boolean().check(z.describe('Off the page for good; what the public was told of it stays.')),
  version: z.int(),
});
export type StatusComponentView = z.infer<typeof statusComponentView>;

export const statusIncidentView = z.object({
  number: z.int(),
  title: z.string(),
  incident: z.nullable(z.int()).check(z.describe('The incident of the console behind it.')),
  state,
  impacts: z.array(z.object({ component: z.string(), impact: z.enum(IMPACTS) })),
  openedAt: timestamp,
  resolvedAt: z.nullable(timestamp),
  nextUpdateAt: z.nullable(timestamp),
  version: z.int(),
  updates: z
    .array(
      z.object({
        id: z.string(),
        state,
        text: z.string(),
        at: timestamp,
        authorName: z.string().check(z.describe('Never shown to the public.')),
      }),
    )
    .check(z.describe('The last ten, the newest first.')),
});
export type StatusIncidentView = z.infer<typeof statusIncidentView>;

export const statusDraftView = z.object({
  id: z.string(),
  ownerName: z.string(),
  isOwn: z.boolean().check(z.describe('Of whoever asks.')),
  number: z.nullable(z.int()).check(z.describe('The public incident that it is for; null: a new one.')),
  incident: z.nullable(z.int()).check(z.describe('Of a new one: the incident of the console behind it.')),
  title: z.string(),
  state,
  text: z.string(),
  impacts: z.array(z.object({ component: z.string(), impact: z.enum(IMPACTS) })),
  nextUpdateMinutes: z.nullable(z.int()),
  taken: z
    .nullable(z.object({ draftId: z.string(), version: z.int() }))
    .check(z.describe('The draft of somebody else that it goes on from.')),
  keptAt: timestamp,
  version: z.int(),
});
export type StatusDraftView = z.infer<typeof statusDraftView>;

export const statusMaintenanceView = z.object({
  id: z.string(),
  title: z.string(),
  text: z.string(),
  startsAt: timestamp,
  endsAt: timestamp,
  status: z.enum(MAINTENANCE_STATUSES),
  components: z.array(z.string()),
  announcedByName: z.string(),
});
export type StatusMaintenanceView = z.infer<typeof statusMaintenanceView>;

export const PROPOSAL_KINDS = ['first', 'resolved'] as const;

export const statusProposal = z.object({
  kind: z
    .enum(PROPOSAL_KINDS)
    .check(z.describe('first: the public knows nothing yet; resolved: it is over inside, and not outside.')),
  incident: z.int(),
  incidentTitle: z.string().check(z.describe('Inside; not for the public.')),
  level: z.int(),
  number: z.nullable(z.int()).check(z.describe('The public incident that would go on.')),
  dueAt: z.nullable(timestamp).check(z.describe('When the first post should be there.')),
});
export type StatusProposal = z.infer<typeof statusProposal>;

/** An environment that a component can stand for, with its checks. */
const statusPlace = z.object({
  service: z.string(),
  environment: z.string(),
  checks: z.array(z.object({ key: z.string(), title: z.string() })),
});
export type StatusPlace = z.infer<typeof statusPlace>;

/** What whoever tells the public works with. */
export const statusComposer = z.object({
  components: z.array(statusComponentView),
  open: z.array(statusIncidentView),
  recent: z.array(statusIncidentView).check(z.describe('The last ten that are resolved.')),
  maintenance: z.array(statusMaintenanceView).check(z.describe('The last twenty, the latest first.')),
  proposals: z.array(statusProposal),
  drafts: z
    .array(statusDraftView)
    .check(z.describe('Of everybody, the last kept first. The public sees none.')),
  places: z.array(statusPlace).check(z.describe('What a component can stand for.')),
});
export type StatusComposer = z.infer<typeof statusComposer>;

/** The public was told something of an incident of the console. */
export const statusUpdatePosted = defineEvent(
  'status.update-posted',
  z.object({
    updateId: z.string(),
    number: z.int(),
    incidentNumber: z.int(),
    state,
    text: z.string(),
    at: timestamp,
    authorName: z.string(),
  }),
);
