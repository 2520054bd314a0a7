import fc from 'fast-check';
import MarkdownIt from 'markdown-it';
import { describe, expect, it } from 'vitest';
import type { IncidentEntryView } from '#server/incidents/contract';
import type { PostmortemDetail } from '#server/postmortems/contract';
import { toMarkdown } from '#server/postmortems/export';
import { SECTION_KEYS, type Sections } from '#server/postmortems/words/contract';
import { XSS_PAYLOADS } from '#server/testing/xss-payloads';

const AT = '2026-03-10T12:34:56.000Z';
const ID = '0198c0de-0000-7000-8000-000000000001';
const POSTMORTEM: PostmortemDetail = {
  incidentNumber: 42,
  incidentName: 'INC-42',
  title: 'Nobody could pay',
  level: 2,
  service: 'shop',
  environment: 'production',
  resolvedAt: AT,
  state: 'draft',
  createdAt: AT,
  changedAt: AT,
  publishedAt: null,
  publishedRevision: null,
  openItems: 0,
  startedAt: AT,
  durationMs: 60_000,
  rootCauseKind: 'unknown',
  createdByName: 'The console',
  version: 1,
  revision: 1,
  sections: Object.fromEntries(SECTION_KEYS.map((key) => [key, ''])) as Sections,
  revisions: [],
  decisions: [],
  items: [],
};

const image = (alt: string): IncidentEntryView['images'][number] => ({
  id: '7',
  fileName: 'a.png',
  contentType: 'image/png',
  sizeBytes: 1,
  width: 1,
  height: 1,
  sha256: '',
  alt,
});

const entry = (more: Partial<IncidentEntryView> = {}): IncidentEntryView => ({
  id: '1',
  incidentNumber: 42,
  kind: 'note',
  text: 'Looked',
  occurredAt: AT,
  recordedAt: AT,
  authorName: 'Rosa',
  runId: null,
  alertId: null,
  correctsId: null,
  correctsText: null,
  correctedById: null,
  images: [],
  pinnedByName: null,
  ...more,
});

const written = (
  rows: IncidentEntryView[],
  { total = rows.length, publicNumber = null as number | null } = {},
  postmortem: Partial<PostmortemDetail> = {},
) => toMarkdown({ ...POSTMORTEM, ...postmortem }, { rows, total, publicNumber }, null);

/** Where the links of a document lead, as another program reads it: with HTML. */
function readElsewhere(markdown: string): { links: string[]; html: string } {
  const html = new MarkdownIt({ html: true }).render(markdown);
  return { links: [...html.matchAll(/<a href="([^"]*)"/g)].map(([, href]) => href ?? ''), html };
}

describe('the exported timeline', () => {
  const evidence = [
    entry({ alertId: ID }),
    entry({ runId: ID }),
    entry({ kind: 'status', text: 'Told the public: Investigating. We look' }),
    entry({ incidentNumber: 43, images: [image('A graph'), image('Another')] }),
  ];

  it('has links to alerts, runs, what the public sees and images, whole where the address is known', () => {
    const lines = written(evidence, { publicNumber: 5 });
    expect(lines).toContain(`- 2026-03-10 12:34 UTC, Rosa: Looked\n  - Evidence: [its alert](/alerts/${ID})`);
    expect(readElsewhere(lines).links).toEqual([
      `/alerts/${ID}`,
      `/runs/${ID}`,
      '/status/incidents/5',
      '/incidents/43/images/7',
      '/incidents/43/images/7',
    ]);
    expect(readElsewhere(lines).html).toContain('Image: A graph');
    const whole = toMarkdown(
      POSTMORTEM,
      { rows: evidence, total: 4, publicNumber: null },
      'https://ops.example',
    );
    expect(readElsewhere(whole).links).toEqual([
      `https://ops.example/alerts/${ID}`,
      `https://ops.example/runs/${ID}`,
      'https://ops.example/status',
      'https://ops.example/incidents/43/images/7',
      'https://ops.example/incidents/43/images/7',
    ]);
  });

  it('is below sections as they were written, whose links to the console are whole as well', () => {
    const summary = `Run [#3](/runs/${ID}), [elsewhere](//a.example/runs/1), [two](/runs/1 "t"), \`](/x)\` **as written**`;
    const sections = { ...POSTMORTEM.sections, summary };
    const timeline = { rows: [], total: 0, publicNumber: null };
    expect(toMarkdown({ ...POSTMORTEM, sections }, timeline, null)).toContain(`\n${summary}\n`);
    expect(toMarkdown({ ...POSTMORTEM, sections }, timeline, 'https://ops.example')).toContain(
      `\n${summary.replace('(/runs/0', '(https://ops.example/runs/0')}\n`,
    );
  });

  it('tells what a correction corrects, and what was corrected later', () => {
    const lines = written([
      entry({ text: 'At noon', correctedById: '2' }),
      entry({ kind: 'correction', text: 'At one', correctsId: '1', correctsText: 'At *noon*' }),
    ]);
    expect(lines).toContain('Rosa: At noon (corrected later)\n');
    expect(lines).toContain('Rosa: At one\n  - Corrects: At \\*noon\\*\n');
  });

  it('says where it is cut, and which revision is published', () => {
    const lines = written([entry()], { total: 3 }, { publishedAt: AT, publishedRevision: 1, revision: 2 });
    expect(lines).toContain('The timeline is cut here: 2 more entries are in [INC-42](/incidents/42).');
    expect(lines).toContain('- Published: revision 1, 2026-03-10 12:34 UTC');
    expect(written([entry()])).not.toContain('cut here');
  });

  it.each(XSS_PAYLOADS)('lets nothing that others wrote be Markdown: %s', (payload) => {
    expectPlain(payload);
  });

  it('lets nothing be Markdown, whatever is written', () => {
    const piece = fc.constantFrom(
      ...[
        '[',
        ']',
        '(',
        ')',
        '<',
        '>',
        '!',
        '`',
        '*',
        '_',
        '#',
        '|',
        '-',
        '+',
        '=',
        '~',
        '&',
        ';',
        '\\',
        '\n',
      ],
      ...[
        '1.',
        ':',
        '"',
        'a',
        ' ',
        'javascript:',
        'https://a.example',
        '<script>',
        '](/x)',
        '&#x3c;',
        '    ',
      ],
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join('')),
        expectPlain,
      ),
      { numRuns: 300 },
    );
  });

  function expectPlain(text: string): void {
    const { links, html } = readElsewhere(
      written([entry({ text, authorName: text, correctsText: text, alertId: ID, images: [image(text)] })]),
    );
    expect(links).toEqual([`/alerts/${ID}`, '/incidents/42/images/7']);
    expect(html).not.toMatch(/<(?!\/?(?:h1|h2|ul|li|p|em|a)[ >])/);
    expect(html.match(/<h2>/g)).toHaveLength(12);
  }
});
