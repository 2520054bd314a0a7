import type { IncidentEntryView } from '#server/incidents/contract';
import { INCIDENT_LEVEL_LABELS } from '#server/incidents/words/contract';
import { durationWords } from '#server/monitoring/rules/words/contract';
import type { PostmortemDetail, PostmortemTimeline } from '#server/postmortems/contract';
import { minuteUtc, plainMarkdown } from '#server/postmortems/first-text';
import {
  ACTION_ITEM_STATE_LABELS,
  POSTMORTEM_STATE_LABELS,
  PRIORITY_LABELS,
  ROOT_CAUSE_KIND_LABELS,
  SECTION_ORDER,
  SECTION_TITLES,
  type SectionKey,
} from '#server/postmortems/words/contract';

/**
 * A post-mortem as one Markdown document. Its sections are Markdown as people wrote them, but for links to the console, which
 * are whole; everything else is shown to the letter. @param base the address under which people know the console; null: links are paths on it
 */
export function toMarkdown(
  postmortem: PostmortemDetail,
  timeline: PostmortemTimeline,
  base: string | null,
): string {
  const linkTo: LinkTo = (path) => (base === null ? path : new URL(path, base).href);
  const more = timeline.total - timeline.rows.length;
  const { incidentName, title, level, service, environment, startedAt, resolvedAt } = postmortem;
  const place = environment ? `${service}/${environment}` : service;
  const approved = postmortem.state === 'approved' || postmortem.state === 'published';
  const approval = approved ? postmortem.decisions.find(({ kind }) => kind === 'approved') : undefined;
  const sections = (keys: readonly SectionKey[]) =>
    keys.flatMap((key) => [
      '',
      `## ${SECTION_TITLES[key]}`,
      '',
      withWholeLinks(postmortem.sections[key].trim(), linkTo) || '_Nothing is written here._',
    ]);
  return [
    `# Post-mortem of ${incidentName}: ${plainMarkdown(title)}`,
    '',
    `- State: ${POSTMORTEM_STATE_LABELS[postmortem.state]}, revision ${postmortem.revision}`,
    ...(postmortem.publishedAt !== null && postmortem.state !== 'published'
      ? [`- Published: revision ${postmortem.publishedRevision}, ${minuteUtc(postmortem.publishedAt)}`]
      : []),
    ...(approval
      ? [`- Approved by ${plainMarkdown(approval.personName)}, ${minuteUtc(approval.decidedAt)}`]
      : []),
    `- Level: ${level}, ${INCIDENT_LEVEL_LABELS[level].toLowerCase()}`,
    ...(place ? [`- Where: ${plainMarkdown(place)}`] : []),
    `- From ${minuteUtc(startedAt)} to ${resolvedAt ? minuteUtc(resolvedAt) : 'now'}: ${durationWords(Math.round(postmortem.durationMs / 1_000))}`,
    `- Kind of root cause: ${ROOT_CAUSE_KIND_LABELS[postmortem.rootCauseKind].toLowerCase()}`,
    ...sections(SECTION_ORDER.beforeTimeline),
    '',
    '## Timeline',
    '',
    ...timeline.rows.flatMap((entry) => entryLines(entry, timeline.publicNumber, linkTo)),
    ...(more > 0
      ? [
          '',
          `The timeline is cut here: ${more} more ${more === 1 ? 'entry is' : 'entries are'} in [${incidentName}](${linkTo(`/incidents/${postmortem.incidentNumber}`)}).`,
        ]
      : []),
    ...sections(SECTION_ORDER.afterTimeline),
    '',
    '## Action items',
    '',
    ...(postmortem.items.length === 0
      ? ['_None._']
      : postmortem.items.map(
          (item) =>
            `- [${item.state === 'done' ? 'x' : ' '}] ${plainMarkdown(item.title)} (${plainMarkdown(item.ownerName)}, due ${item.dueOn}, ${PRIORITY_LABELS[item.priority].toLowerCase()}, ${ACTION_ITEM_STATE_LABELS[item.state].toLowerCase()})`,
        )),
    ...sections(SECTION_ORDER.messages),
    '',
  ].join('\n');
}

type LinkTo = (path: string) => string;

/** Links of the kind `[text](/runs/…)` lead to the console, from wherever they are read. */
function withWholeLinks(markdown: string, linkTo: LinkTo): string {
  return markdown.replaceAll(
    /(\]\()(\/(?:alerts|runs|incidents|postmortems|status|deployments)\/[\w/.-]*)(?=\))/g,
    (_, before: string, path: string) => `${before}${linkTo(path)}`,
  );
}

/** What happened, and below it what it corrects and the evidence. */
function entryLines(entry: IncidentEntryView, publicNumber: number | null, linkTo: LinkTo): string[] {
  const { occurredAt, authorName, text, correctsText, correctedById } = entry;
  const evidence = evidenceOf(entry, publicNumber).map(
    ({ label, path }) => `[${plainMarkdown(label)}](${linkTo(path)})`,
  );
  return [
    `- ${minuteUtc(occurredAt)}, ${plainMarkdown(authorName)}: ${plainMarkdown(text)}${correctedById ? ' (corrected later)' : ''}`,
    ...(correctsText === null ? [] : [`  - Corrects: ${plainMarkdown(correctsText)}`]),
    ...(evidence.length > 0 ? [`  - Evidence: ${evidence.join(', ')}`] : []),
  ];
}

function evidenceOf(
  { kind, alertId, runId, images, incidentNumber }: IncidentEntryView,
  publicNumber: number | null,
): { label: string; path: string }[] {
  return [
    ...(alertId ? [{ label: 'its alert', path: `/alerts/${alertId}` }] : []),
    ...(runId ? [{ label: 'its run', path: `/runs/${runId}` }] : []),
    ...(kind === 'status'
      ? [
          {
            label: 'what the public sees',
            path: publicNumber === null ? '/status' : `/status/incidents/${publicNumber}`,
          },
        ]
      : []),
    ...images.map(({ id, alt }) => ({
      label: `Image: ${alt}`,
      path: `/incidents/${incidentNumber}/images/${id}`,
    })),
  ];
}
