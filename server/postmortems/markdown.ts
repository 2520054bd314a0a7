import MarkdownIt from 'markdown-it';
import sanitizeHtml from 'sanitize-html';

/**
 * HTML that people write is shown as they wrote it, and pictures are links: one from elsewhere would tell a stranger who
 * reads. The headings of a text stand below those of its page.
 */
const markdown = new MarkdownIt('default', { html: false, linkify: true, breaks: false });
markdown.disable('image');

const HEADINGS: Record<string, string> = { h1: 'h3', h2: 'h4', h3: 'h5', h4: 'h6', h5: 'h6' };

/** What comes through though the renderer should let something else out. */
const ALLOWED: sanitizeHtml.IOptions = {
  allowedTags: [
    'p',
    'br',
    'hr',
    'em',
    'strong',
    's',
    'code',
    'pre',
    'blockquote',
    'ul',
    'ol',
    'li',
    'a',
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
    'h3',
    'h4',
    'h5',
    'h6',
  ],
  allowedAttributes: { a: ['href', 'title', 'rel'], ol: ['start'] },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowProtocolRelative: false,
  disallowedTagsMode: 'discard',
  transformTags: {
    ...HEADINGS,
    a: sanitizeHtml.simpleTransform('a', { rel: 'noopener noreferrer nofollow' }),
  },
};

/** Markdown as HTML that runs nothing, loads nothing and leads only to web and mail addresses. Empty for an empty text. */
export function renderMarkdown(text: string): string {
  return text.trim() === '' ? '' : sanitizeHtml(markdown.render(text), ALLOWED);
}
