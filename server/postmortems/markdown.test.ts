import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '#server/postmortems/markdown';

/** From OWASP's cheat sheet on filter evasion and public lists of payloads for Markdown. */
const PAYLOADS = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=https://xss.example/x.js></SCRIPT>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<IMG SRC="javascript:alert(\'XSS\');">',
  '<IMG SRC=javascript:alert(&quot;XSS&quot;)>',
  '<IMG SRC=`javascript:alert("XSS")`>',
  '<IMG """><SCRIPT>alert("XSS")</SCRIPT>">',
  '<IMG SRC=# onmouseover="alert(1)">',
  '<IMG onmouseover="alert(1)">',
  '<img src=x onerror="&#0000106&#0000097&#0000118&#0000097">',
  '<img src=x onerror=alert(1)//',
  '<a onmouseover="alert(document.cookie)">x</a>',
  '<IMG SRC=&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)>',
  '<IMG SRC="jav&#x09;ascript:alert(1);">',
  '<IMG SRC=" &#14; javascript:alert(1);">',
  '<SCRIPT/XSS SRC="https://xss.example/x.js"></SCRIPT>',
  '<BODY onload!#$%&()*~+-_.,:;?@[/|\\]^`=alert(1)>',
  '<<SCRIPT>alert(1);//\\<</SCRIPT>',
  '<IFRAME SRC="javascript:alert(1);"></IFRAME>',
  '<IFRAME srcdoc="<script>alert(1)</script>"></IFRAME>',
  '<svg/onload=alert(1)>',
  '<svg><script>alert&lpar;1&rpar;</script></svg>',
  '<svg><a xlink:href="javascript:alert(1)"><text y="20">x</text></a></svg>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<form><button formaction=javascript:alert(1)>x',
  '<details open ontoggle=alert(1)>',
  '<object data="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">',
  '<embed src="javascript:alert(1)">',
  '<META HTTP-EQUIV="refresh" CONTENT="0;url=javascript:alert(1);">',
  '<LINK REL="stylesheet" HREF="javascript:alert(1);">',
  '<STYLE>@import"https://xss.example/x.css";</STYLE>',
  '<DIV STYLE="background-image: url(javascript:alert(1))">',
  '<base href="javascript:alert(1);//">',
  '<input autofocus onfocus=alert(1)>',
  '<video><source onerror="alert(1)">',
  '<!--<img src="--><img src=x onerror=alert(1)//">',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](javascript&colon;alert(1))',
  '[x](&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A&#x61lert(1))',
  '[x](j    a   v   a   s   c   r   i   p   t:prompt(1))',
  '[x](<java\nscript:alert(1)>)',
  '[x](\u0001javascript:alert(1))',
  '[x](vbscript:alert(1))',
  '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
  '[x](//evil.example/x)',
  '[x](javascript://www.example.com%0Aalert(1))',
  '[x](http://a.example/"onmouseover="alert(1))',
  '[x](http://a.example/ "t\\" onmouseover=\\"alert(1)")',
  "[x]('javascript:alert(1)')",
  '[x]: javascript:alert(1)\n\n[x]',
  '<javascript:alert(1)>',
  '<http://a.example/"onclick="alert(1)>',
  '![x](javascript:alert(1))',
  '![x](https://tracker.example/pixel.png)',
  '![x" onerror="alert(1)](x)',
  '![x](https://a.example/x.png"onload="alert(1))',
  '`<script>alert(1)</script>`',
  '```html" onclick="alert(1)\n<script>alert(1)</script>\n```',
  '> <script>alert(1)</script>',
  '| <script>alert(1)</script> |\n| --- |\n| <img src=x onerror=alert(1)> |',
  '# <img src=x onerror=alert(1)>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '\\<script>alert(1)\\</script>',
  'https://a.example/<script>alert(1)</script>',
];
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

describe('Markdown', () => {
  it.each(PAYLOADS)('lets nothing run or load: %s', (payload) => {
    for (const text of [payload, `x ${payload} y`, `- ${payload}`]) {
      const html = renderMarkdown(text);
      expect(html).toMatch(SAFE);
      for (const { protocol } of linksOf(html)) expect(['http:', 'https:', 'mailto:']).toContain(protocol);
    }
  });

  it('is judged by a pattern that refuses what would run', () => {
    for (const html of ['<p onclick="x">', '<img src="x">', '<p>1 < 2</p>', '<a href="x" style="y">', '<h1>'])
      expect(html).not.toMatch(SAFE);
    expect(linksOf('<a href="javascript:x">')[0]?.protocol).toBe('javascript:');
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
