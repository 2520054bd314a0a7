import * as z from 'zod/mini';
import {
  INCIDENT_CAUSES,
  INCIDENT_ENTRY_KINDS,
  INCIDENT_IMAGES_BYTES,
  INCIDENT_IMAGES_MAX,
  INCIDENT_LEVEL_DEFAULT,
  INCIDENT_LEVELS,
  INCIDENT_ROLES,
  INCIDENT_STATES,
  INCIDENT_TEXT_MAX,
  INCIDENT_TITLE_MAX,
} from '#server/incidents/words/contract';
import { pageOf, pageSizeInput, seenVersionInput, timestamp } from '#server/platform/contract';
import { defineEvent } from '#server/platform/events-contract';

const place = z.string().check(z.minLength(1), z.maxLength(40));
/** The number of an incident, as a form or an address gives it. */
export const incidentNumberInput = z.coerce
  .number('Give the number of an incident, like 42.')
  .check(
    z.int('Give the number of an incident, like 42.'),
    z.minimum(1, 'Give the number of an incident, like 42.'),
    z.maximum(2_147_483_647, 'There is no incident of this number.'),
  );
const number = incidentNumberInput;
const version = seenVersionInput;
const level = z.coerce
  .number('Choose a level from 1 to 4.')
  .check(
    z.int('Choose a level from 1 to 4.'),
    z.minimum(1, 'Choose a level from 1 to 4.'),
    z.maximum(4, 'Choose a level from 1 to 4.'),
    z.describe('1 is critical, 4 trivial. If unsure, the higher level.'),
  );
const moment = (description: string) =>
  z
    .optional(
      z.iso.datetime({
        offset: true,
        error: 'Write a date and a time with its offset, like 2026-12-24T18:00:00Z.',
      }),
    )
    .check(z.describe(description));
const text = z
  .string()
  .check(
    z.trim(),
    z.minLength(1, 'Write something.'),
    z.maxLength(INCIDENT_TEXT_MAX, `At most ${INCIDENT_TEXT_MAX} characters.`),
  );
const reason = z.string().check(z.trim(), z.minLength(3, 'Say why, in a few words.'), z.maxLength(500));
const title = z
  .string('Say in a few words what is wrong.')
  .check(
    z.trim(),
    z.minLength(1, 'Say in a few words what is wrong.'),
    z.maxLength(INCIDENT_TITLE_MAX, `At most ${INCIDENT_TITLE_MAX} characters.`),
  );
const role = z.enum(INCIDENT_ROLES, 'Choose commander, scribe, communications or responder.');
const email = z.optional(z.string().check(z.trim(), z.toLowerCase(), z.maxLength(254)));
const state = z.enum(INCIDENT_STATES, 'Choose investigating, identified, monitoring or resolved.');
const page = z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1);

export const incidentFilter = z.object({
  page,
  pageSize: pageSizeInput,
  state: z
    .optional(
      z.enum([...INCIDENT_STATES, 'open'], 'Choose investigating, identified, monitoring, resolved or open.'),
    )
    .check(z.describe('open: all that are not resolved.')),
  level: z.optional(level),
  worst: z.optional(level).check(z.describe('This level and the graver ones.')),
  days: z
    .optional(
      z.coerce
        .number('Give whole days.')
        .check(z.int('Give whole days.'), z.minimum(1, 'Give 1 day or more.'), z.maximum(3_660)),
    )
    .check(z.describe('Those that began within so many days.')),
  mine: z
    .optional(z.union([z.boolean(), z.stringbool()]))
    .check(z.describe('Those in which the caller has or had a role.')),
  service: z.optional(place),
  environment: z.optional(place),
  search: z
    .optional(z.string().check(z.trim(), z.maxLength(200)))
    .check(z.describe('Words of title and timeline, each by its beginning; or a number, like INC-42.')),
});

/** The incidents of a filter by number, those after `afterNumber`: what is declared meanwhile comes last. */
export const incidentBatchInput = z.extend(incidentFilter, {
  afterNumber: z._default(z.int().check(z.minimum(0)), 0),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(500)), 200),
});

/** A number leads to the incident that its own was merged into. */
export const incidentInput = z.object({ number });

export const timelineInput = z.object({
  number,
  page,
  pageSize: pageSizeInput,
  order: z._default(z.enum(['newest', 'oldest'], 'Choose newest or oldest.'), 'newest'),
  system: z
    ._default(z.enum(['show', 'hide'], 'Choose show or hide.'), 'show')
    .check(z.describe('Whether to show what the console wrote by itself.')),
});

export const declareIncidentInput = z.object({
  title,
  level: z._default(level, INCIDENT_LEVEL_DEFAULT),
  service: z.optional(place),
  environment: z.optional(place),
  startedAt: moment('When it began; absent: now.'),
});

export const changeIncidentStateInput = z.object({
  number,
  version,
  state,
  note: z.optional(z.string().check(z.trim(), z.maxLength(INCIDENT_TEXT_MAX))),
  occurredAt: moment('When it became so; absent: now.'),
});

export const changeIncidentLevelInput = z.object({ number, version, level, reason });

export const changeIncidentTitleInput = z.object({
  number,
  version,
  title,
  reason: z
    ._default(z.string().check(z.trim(), z.maxLength(500)), '')
    .check(z.describe('Why, if it does not explain itself.')),
});

export const assignIncidentRoleInput = z.object({
  number,
  version,
  role,
  email: email.check(z.describe('Of whom; absent: yourself.')),
});

export const leaveIncidentRoleInput = z.object({
  number,
  version,
  role,
  email: email.check(z.describe('Whose; absent: that of `personId`, or your own.')),
  personId: z
    .optional(z.uuid('This person does not exist.'))
    .check(z.describe('Whose, as the incident names who has it.')),
});

export const addIncidentNoteInput = z.object({
  number,
  text,
  kind: z
    ._default(z.enum(['note', 'action'], 'Choose note or action.'), 'note')
    .check(z.describe('action: something that was done. With a run or an alert it is evidence.')),
  occurredAt: moment('When it happened; absent: now.'),
  runId: z.optional(z.uuid('This run does not exist.')).check(z.describe('The run that it is about.')),
  alertId: z.optional(z.uuid('This alert does not exist.')).check(z.describe('The alert that it is about.')),
});

export const addIncidentImagesInput = z.extend(
  z.pick(addIncidentNoteInput, { number: true, kind: true, occurredAt: true }),
  {
    text: z
      ._default(
        z
          .string()
          .check(z.trim(), z.maxLength(INCIDENT_TEXT_MAX, `At most ${INCIDENT_TEXT_MAX} characters.`)),
        '',
      )
      .check(z.describe('What there is to say about them; empty: their names.')),
    alt: z
      ._default(z.string().check(z.trim(), z.maxLength(300, 'At most 300 characters.')), '')
      .check(z.describe('What they show, for who cannot see them; empty: their names say so.')),
    images: z
      .array(
        z.object({
          fileName: z.string().check(z.trim(), z.maxLength(255, 'At most 255 characters.')),
          base64: z.string().check(z.describe('The bytes of a PNG, JPEG, WebP or GIF.')),
        }),
      )
      .check(
        z.minLength(1, 'Choose an image.'),
        z.maxLength(INCIDENT_IMAGES_MAX, `At most ${INCIDENT_IMAGES_MAX} images at once.`),
        z.describe(`At most ${INCIDENT_IMAGES_BYTES / (1024 * 1024)} MB, all together.`),
      ),
  },
);

const entryId = z
  .string()
  .check(z.regex(/^\d{1,18}$/, 'This entry does not exist.'), z.describe('As the timeline gives it.'));

export const correctIncidentEntryInput = z.object({ number, entryId, text });

export const pinIncidentEntryInput = z.object({ number, entryId });

export const mergeIncidentInput = z.object({
  number,
  version,
  into: number.check(z.describe('The number of the incident that it turned out to be.')),
  reason,
});

const levelView = z.literal(INCIDENT_LEVELS);

export const incidentSummary = z.object({
  number: z.int(),
  name: z.string().check(z.describe('How people call it: INC-42.')),
  title: z.string(),
  level: levelView,
  state: z.enum(INCIDENT_STATES),
  service: z.nullable(z.string()),
  environment: z.nullable(z.string()),
  startedAt: timestamp.check(z.describe('When it began, as far as is known.')),
  detectedAt: timestamp.check(z.describe('When it was recorded.')),
  resolvedAt: z.nullable(timestamp),
  durationMs: z.int().check(z.describe('From its beginning to its end, or to now.')),
  declaredByName: z.string(),
  cause: z.enum(INCIDENT_CAUSES),
  causeId: z.nullable(z.string()).check(z.describe('The alert, or the run of the rollback.')),
  commanderName: z.nullable(z.string()),
  version: z.int(),
});
export type IncidentSummary = z.infer<typeof incidentSummary>;

/** Of each value how many there are with all other filters. */
export const incidentFacets = z.object({
  isExact: z.boolean().check(z.describe('False: counted among the newest, since there are more.')),
  states: z.array(z.object({ value: z.enum(INCIDENT_STATES), count: z.int() })),
  levels: z.array(z.object({ value: levelView, count: z.int() })),
  services: z.array(z.object({ value: z.nullable(z.string()), count: z.int() })),
});
export type IncidentFacets = z.infer<typeof incidentFacets>;

export const incidentPage = z.extend(pageOf(incidentSummary), {
  isTotalExact: z.boolean().check(z.describe('False: there are more than `total`.')),
  facets: incidentFacets,
});
export type IncidentPage = z.infer<typeof incidentPage>;

export const incidentRoleView = z.object({
  role: z.enum(INCIDENT_ROLES),
  personId: z.string(),
  personName: z.string(),
  since: timestamp,
  until: z.nullable(timestamp),
  assignedByName: z.string(),
});
export type IncidentRoleView = z.infer<typeof incidentRoleView>;

export const incidentDetail = z.extend(incidentSummary, {
  consequence: z.string().check(z.describe('What its level asks for.')),
  needsPostMortem: z.boolean(),
  roles: z.array(incidentRoleView).check(z.describe('Who had which role, in order.')),
  merged: z.array(z.int()).check(z.describe('The numbers of those merged into it; each leads here.')),
});
export type IncidentDetail = z.infer<typeof incidentDetail>;

export const incidentImageView = z.object({
  id: z.string(),
  fileName: z.string(),
  contentType: z.string(),
  sizeBytes: z.int(),
  width: z.int(),
  height: z.int(),
  sha256: z.string(),
  alt: z.string().check(z.describe('What it shows.')),
});

export const incidentEntryView = z.object({
  id: z.string(),
  incidentNumber: z.int().check(z.describe('Where it was written: it may have been merged into this one.')),
  kind: z.enum(INCIDENT_ENTRY_KINDS),
  text: z.string(),
  occurredAt: timestamp,
  recordedAt: timestamp,
  authorName: z.string(),
  runId: z.nullable(z.string()),
  alertId: z.nullable(z.string()),
  correctsId: z.nullable(z.string()),
  correctsText: z.nullable(z.string()).check(z.describe('What the corrected entry says.')),
  correctedById: z.nullable(z.string()).check(z.describe('The last entry that corrects this one.')),
  images: z
    .array(incidentImageView)
    .check(z.describe('Shown at /incidents/{incidentNumber}/images/{id} to who is signed in.')),
  pinnedByName: z.nullable(z.string()).check(z.describe('Who pinned it to the top; null: nobody.')),
});
export type IncidentEntryView = z.infer<typeof incidentEntryView>;

export const incidentTimeline = pageOf(incidentEntryView);
export const pinnedEntries = z.object({ rows: z.array(incidentEntryView) });
export type IncidentTimeline = z.infer<typeof incidentTimeline>;

/** An incident came to its end, or is of another level since. */
export const incidentResolved = defineEvent('incident.resolved', z.object({ number: z.int() }));

/** An incident turned out to be another one, which goes on. */
export const incidentMerged = defineEvent('incident.merged', z.object({ number: z.int(), into: z.int() }));
