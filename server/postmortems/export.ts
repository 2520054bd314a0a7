import type { IncidentEntryView } from '#server/incidents/contract';
import { INCIDENT_LEVEL_LABELS } from '#server/incidents/words/contract';
import { durationWords } from '#server/monitoring/rules/words/contract';
import type { PostmortemDetail } from '#server/postmortems/contract';
import { minuteUtc, plainMarkdown } from '#server/postmortems/first-text';
import {
  ACTION_ITEM_STATE_LABELS,
  POSTMORTEM_STATE_LABELS,
  PRIORITY_LABELS,
  ROOT_CAUSE_KIND_LABELS,
  SECTION_TITLES,
  type SectionKey,
} from '#server/postmortems/words/contract';

const BEFORE_TIMELINE: readonly SectionKey[] = ['summary', 'impact'];
const AFTER_TIMELINE: readonly SectionKey[] = [
  'rootCause',
  'contributingFactors',
  'resolution',
  'wentWell',
  'wentBadly',
  'lucky',
];
const MESSAGES: readonly SectionKey[] = ['internalMessage', 'publicMessage'];

/** A post-mortem as one Markdown document. @param total how many entries the timeline has */
export function toMarkdown(
  postmortem: PostmortemDetail,
  timeline: readonly IncidentEntryView[],
  total: number,
): string {
  const { incidentName, title, level, service, environment, startedAt, resolvedAt } = postmortem;
  const place = environment ? `${service}/${environment}` : service;
  const approved = postmortem.state === 'approved' || postmortem.state === 'published';
  const approval = approved ? postmortem.decisions.find(({ kind }) => kind === 'approved') : undefined;
  const sections = (keys: readonly SectionKey[]) =>
    keys.flatMap((key) => [
      '',
      `## ${SECTION_TITLES[key]}`,
      '',
      postmortem.sections[key].trim() || '_Nothing is written here._',
    ]);
  return [
    `# Post-mortem of ${incidentName}: ${plainMarkdown(title)}`,
    '',
    `- State: ${POSTMORTEM_STATE_LABELS[postmortem.state]}, revision ${postmortem.revision}`,
    ...(approval
      ? [`- Approved by ${plainMarkdown(approval.personName)}, ${minuteUtc(approval.decidedAt)}`]
      : []),
    `- Level: ${level}, ${INCIDENT_LEVEL_LABELS[level].toLowerCase()}`,
    ...(place ? [`- Where: ${plainMarkdown(place)}`] : []),
    `- From ${minuteUtc(startedAt)} to ${resolvedAt ? minuteUtc(resolvedAt) : 'now'}: ${durationWords(Math.round(postmortem.durationMs / 1_000))}`,
    `- Kind of root cause: ${ROOT_CAUSE_KIND_LABELS[postmortem.rootCauseKind].toLowerCase()}`,
    ...sections(BEFORE_TIMELINE),
    '',
    '## Timeline',
    '',
    ...timeline.map(
      ({ occurredAt, authorName, text, correctedById }) =>
        `- ${minuteUtc(occurredAt)}, ${plainMarkdown(authorName)}: ${plainMarkdown(text)}${correctedById ? ' (corrected)' : ''}`,
    ),
    ...(total > timeline.length ? ['', `The incident has ${total - timeline.length} more entries.`] : []),
    ...sections(AFTER_TIMELINE),
    '',
    '## Action items',
    '',
    ...(postmortem.items.length === 0
      ? ['_None._']
      : postmortem.items.map(
          (item) =>
            `- [${item.state === 'done' ? 'x' : ' '}] ${plainMarkdown(item.title)} (${plainMarkdown(item.ownerName)}, due ${item.dueOn}, ${PRIORITY_LABELS[item.priority].toLowerCase()}, ${ACTION_ITEM_STATE_LABELS[item.state].toLowerCase()})`,
        )),
    ...sections(MESSAGES),
    '',
  ].join('\n');
}
