import { html } from '../html.mjs';
import { layout } from './layout.mjs';

const headings = /** @type {Record<number, string>} */ ({
  403: 'Not allowed',
  404: 'Not found',
  429: 'One moment',
  500: 'Our fault',
});

/** @param {{ status: number, message: string, requestId: string, stylesheet: string }} problem */
export function errorPage({ status, message, requestId, stylesheet }) {
  return layout(
    { user: null, cartCount: 0, release: '', stylesheet },
    { title: headings[status] ?? 'That did not work' },
    html`<section class="narrow">
<p class="eyebrow">${status}</p>
<h1>${headings[status] ?? 'That did not work'}</h1>
<p class="lead">${message}</p>
<p><a href="/shop">Back to the shop</a></p>
<p class="quiet">Reference ${requestId}</p>
</section>`,
  );
}
