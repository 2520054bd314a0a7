import * as z from 'zod/mini';
import { incidentEntryView, incidentNumberInput } from '#server/incidents/contract';
import { INCIDENT_LEVELS } from '#server/incidents/words/contract';
import { pageOf, pageSizeInput, seenVersionInput, timestamp } from '#server/platform/contract';
import {
  ACTION_ITEM_STATES,
  DECISION_KINDS,
  DUE_GROUPS,
  POSTMORTEM_STATES,
  POSTMORTEM_TIMELINE_MAX,
  POSTMORTEM_VIEWS,
  PRIORITIES,
  ROOT_CAUSE_KINDS,
  SECTION_HINTS,
  SECTION_KEYS,
  SECTION_MAX,
  type SectionKey,
} from '#server/postmortems/words/contract';

export const ACTION_ITEM_TITLE_MAX = 200;

const number = incidentNumberInput.check(z.describe('Of the incident: each has one post-mortem at most.'));
const version = seenVersionInput;
const page = z._default(z.coerce.number().check(z.int(), z.minimum(1), z.maximum(100_000)), 1);
const reason = z.string().check(z.trim(), z.minLength(3, 'Say why, in a few words.'), z.maxLength(500));
/** Browsers send the ends of lines in two characters. */
const section = (key: SectionKey) =>
  z
    .optional(
      z.string().check(
        z.overwrite((text: string) => text.replaceAll('\r\n', '\n')),
        z.maxLength(SECTION_MAX, `At most ${SECTION_MAX} characters.`),
      ),
    )
    .check(z.describe(`Markdown. ${SECTION_HINTS[key]} Absent: stays as it is.`));
const sectionShape = Object.fromEntries(SECTION_KEYS.map((key) => [key, section(key)])) as Record<
  SectionKey,
  ReturnType<typeof section>
>;
const title = z
  .string('Say what is to be done.')
  .check(
    z.trim(),
    z.minLength(1, 'Say what is to be done.'),
    z.maxLength(ACTION_ITEM_TITLE_MAX, `At most ${ACTION_ITEM_TITLE_MAX} characters.`),
  );
const email = z.optional(z.string().check(z.trim(), z.toLowerCase(), z.maxLength(254)));
const dueOn = z.iso
  .date('Write a day, like 2026-12-24.')
  .check(z.refine((day) => day >= '2000-01-01' && day <= '2099-12-31', 'Look at the year.'));
const priority = z.enum(PRIORITIES, 'Choose high, medium or low.');
const itemState = z.enum(ACTION_ITEM_STATES, 'Choose open, in_progress, done or cancelled.');
const itemId = z.uuid('This action item does not exist. Open it from the board.');

export const postmortemFilter = z.object({
  page,
  pageSize: pageSizeInput,
  view: z
    ._default(z.enum(POSTMORTEM_VIEWS, 'Choose review, missing or all.'), 'all')
    .check(
      z.describe(
        'review: what waits for an approval or a publication; missing: resolved incidents of level 1 and 2 whose post-mortem nobody has approved, or that have none.',
      ),
    ),
  state: z.optional(z.enum(POSTMORTEM_STATES, 'Choose draft, in_review, approved or published.')),
  search: z
    .optional(z.string().check(z.trim(), z.maxLength(200)))
    .check(z.describe('Part of the title of the incident, or its number, like INC-42.')),
});

export const postmortemInput = z.object({ number });
export const postmortemTimelineInput = z.object({
  number,
  most: z._default(z.int().check(z.minimum(1), z.maximum(POSTMORTEM_TIMELINE_MAX)), POSTMORTEM_TIMELINE_MAX),
});
export const revisionInput = z.object({
  number,
  revision: z.coerce.number().check(z.int(), z.minimum(1), z.maximum(2_147_483_647)),
});
export const savePostmortemInput = z.object({
  number,
  version,
  ...sectionShape,
  rootCauseKind: z
    .optional(z.enum(ROOT_CAUSE_KINDS, `Choose one of ${ROOT_CAUSE_KINDS.join(', ')}.`))
    .check(z.describe('What kind of thing the root cause was. Absent: stays as it is.')),
});
export const previewPostmortemInput = z.object(sectionShape);
export const movePostmortemInput = z.object({ number, version });
export const returnPostmortemInput = z.object({ number, version, reason });

export const actionItemFilter = z.object({
  page,
  pageSize: pageSizeInput,
  group: z
    .optional(z.enum(DUE_GROUPS, 'Choose overdue, week, later or ended.'))
    .check(z.describe('week: due within 7 days; ended: done or cancelled.')),
  owner: z
    .optional(z.string().check(z.trim(), z.toLowerCase(), z.maxLength(254)))
    .check(z.describe('An e-mail address, or `me`.')),
  number: z.optional(number),
});

export const addActionItemInput = z.object({
  number,
  title,
  email: email.check(z.describe('Of who does it; absent: yourself.')),
  dueOn: z.optional(dueOn).check(z.describe('A day; absent: in 14 days.')),
  priority: z._default(priority, 'medium'),
});

export const changeActionItemInput = z.object({
  itemId,
  version,
  title: z.optional(title),
  email: email.check(z.describe('Of who does it.')),
  dueOn: z.optional(dueOn),
  priority: z.optional(priority),
  state: z.optional(itemState),
});

const maybeTime = z.nullable(timestamp);

export const postmortemRow = z.object({
  incidentNumber: z.int(),
  incidentName: z.string().check(z.describe('How people call the incident: INC-42.')),
  title: z.string(),
  level: z.literal(INCIDENT_LEVELS),
  service: z.nullable(z.string()),
  environment: z.nullable(z.string()),
  resolvedAt: maybeTime,
  state: z.nullable(z.enum(POSTMORTEM_STATES)).check(z.describe('Null: nobody has begun one.')),
  createdAt: maybeTime,
  changedAt: maybeTime,
  publishedAt: maybeTime.check(
    z.describe('When the published revision was; it stays while another is written.'),
  ),
  publishedRevision: z.nullable(z.int()).check(z.describe('What the team was told last; null: nothing was.')),
  openItems: z.int(),
});
export type PostmortemRow = z.infer<typeof postmortemRow>;

export const postmortemPage = pageOf(postmortemRow);
export type PostmortemPage = z.infer<typeof postmortemPage>;

export const actionItemView = z.object({
  id: z.string(),
  incidentNumber: z.int(),
  incidentName: z.string(),
  title: z.string(),
  ownerName: z.string(),
  ownerEmail: z.string(),
  dueOn: z.iso.date(),
  priority: z.enum(PRIORITIES),
  state: z.enum(ACTION_ITEM_STATES),
  group: z.enum(DUE_GROUPS).check(z.describe('Where it stands today, in UTC.')),
  version: z.int(),
  createdAt: timestamp,
  createdByName: z.string(),
  endedAt: maybeTime,
  remindedAt: maybeTime.check(z.describe('When its owner was last reminded.')),
});
export type ActionItemView = z.infer<typeof actionItemView>;

export const actionItemPage = pageOf(actionItemView);
export type ActionItemPage = z.infer<typeof actionItemPage>;

const sectionsView = z.object(
  Object.fromEntries(SECTION_KEYS.map((key) => [key, z.string()])) as Record<
    SectionKey,
    ReturnType<typeof z.string>
  >,
);

export const postmortemDetail = z.extend(postmortemRow, {
  state: z.enum(POSTMORTEM_STATES),
  startedAt: timestamp,
  durationMs: z.int(),
  rootCauseKind: z.enum(ROOT_CAUSE_KINDS),
  createdAt: timestamp,
  createdByName: z.string(),
  changedAt: timestamp,
  version: z.int(),
  revision: z.int(),
  sections: sectionsView,
  revisions: z
    .array(z.object({ number: z.int(), authorName: z.string(), createdAt: timestamp }))
    .check(z.describe('Each whole text that was saved, the last first.')),
  decisions: z.array(
    z.object({
      kind: z.enum(DECISION_KINDS),
      revision: z.int(),
      reason: z.nullable(z.string()),
      personName: z.string(),
      decidedAt: timestamp,
    }),
  ),
  items: z.array(actionItemView),
});
export type PostmortemDetail = z.infer<typeof postmortemDetail>;

export const postmortemRevision = z.object({
  number: z.int(),
  authorName: z.string(),
  createdAt: timestamp,
  sections: sectionsView,
});
export type PostmortemRevisionView = z.infer<typeof postmortemRevision>;

export const postmortemDocument = z.object({
  fileName: z.string(),
  markdown: z.string().check(z.describe('The whole post-mortem, with the timeline and the action items.')),
});
export type PostmortemDocument = z.infer<typeof postmortemDocument>;

const postmortemTimeline = z.object({
  rows: z.array(incidentEntryView),
  total: z.int().check(z.describe('How many entries there are, these and others.')),
  publicNumber: z
    .nullable(z.int())
    .check(z.describe('Of what the public was told of it, on the status page; null: nothing.')),
});
export type PostmortemTimeline = z.infer<typeof postmortemTimeline>;

export const ownerView = z.object({ name: z.string(), email: z.string() });
export type OwnerView = z.infer<typeof ownerView>;
