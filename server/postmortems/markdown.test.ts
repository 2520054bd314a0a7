import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '#server/postmortems/markdown';
import { XSS_PAYLOADS, xssMixtures } from '#server/testing/xss-payloads';

const TAG = 'p|br|hr|em|strong|s|code|pre|blockquote|ul|ol|li|a|table|thead|tbody|tr|th|td|h[3-6]';
/** All that may come out, to the letter: text without angle brackets, and these elements with these attributes. */
const SAFE = new RegExp(
  `^(?:[^<>]|<(?:${TAG})(?: (?:href|title|rel|start)="[^"<>]*")*(?: /)?>|</(?:${TAG})>)*$`,
);

function linksOf(html: string): URL[] {
  return [...html.matchAll(/<a href="([^"]*)"/g)].map(([, href = '']) => {
    const address = href.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>');
    return new URL(address.replaceAll('&amp;', '&'), 'https://console.example/postmortems/1');
  });
}

/** Other entities could hide a letter from whoever reads the HTML as text. */
const OTHER_ENTITY = /&(?!(?:amp|lt|gt|quot);)/;

function expectHarmless(text: string): void {
  const html = renderMarkdown(text);
  expect(html).toMatch(SAFE);
  expect(html).not.toMatch(OTHER_ENTITY);
  for (const { protocol } of linksOf(html)) expect(['http:', 'https:', 'mailto:']).toContain(protocol);
}

describe('Markdown', () => {
  it.each(XSS_PAYLOADS)('lets nothing run or load: %s', (payload) => {
    for (const text of [payload, `x ${payload} y`, `- ${payload}`]) expectHarmless(text);
  });

  it('lets nothing run or load, however such texts are put together', () => {
    fc.assert(fc.property(xssMixtures, expectHarmless), { numRuns: 3_000 });
  });

  it('is judged by a pattern that refuses what would run', () => {
    for (const html of ['<p onclick="x">', '<img src="x">', '<p>1 < 2</p>', '<a href="x" style="y">', '<h1>'])
      expect(html).not.toMatch(SAFE);
    expect(linksOf('<a href="javascript:x">')[0]?.protocol).toBe('javascript:');
    for (const html of ['&#106;', '&colon;', '& ']) expect(html).toMatch(OTHER_ENTITY);
  });

  it('shows what people write: lists, links, tables, code and headings below those of the page', () => {
    const html = renderMarkdown(
      '# Why\n\nThe **cache** of `shop`, see https://a.example and [#12](/runs/12).\n\n1. one\n2. two\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n~~no~~',
    );
    expect(html).toContain('<h3>Why</h3>');
    expect(html).toContain('<strong>cache</strong> of <code>shop</code>');
    expect(html).toContain('<a href="https://a.example" rel="noopener noreferrer nofollow">');
    expect(html).toContain('<a href="/runs/12"');
    expect(html).toContain('<li>two</li>');
    expect(html).toContain('<td>2</td>');
    expect(html).toContain('<s>no</s>');
    expect(renderMarkdown(' \n')).toBe('');
    expect(renderMarkdown('<b>as written</b>')).toBe('<p>&lt;b&gt;as written&lt;/b&gt;</p>\n');
  });
});
