import { html } from '../html.mjs';
import { layout } from './layout.mjs';

const headings = /** @type {Record<number, string>} */ ({
  403: 'Not allowed',
  423: 'Closed for the moment',
  404: 'Not found',
  429: 'One moment',
  500: 'Our fault',
  503: 'Back soon',
});

/**
 * What visitors see during maintenance: a page that asks nothing of the shop, and comes back by itself.
 * @param {{ retryAfterSeconds: number, stylesheet: string }} closed
 */
export function closedPage({ retryAfterSeconds, stylesheet }) {
  const minutes = Math.ceil(retryAfterSeconds / 60);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta http-equiv="refresh" content="${Math.min(Math.max(retryAfterSeconds, 15), 300)}">
<title>Back soon · HerbisVeritas</title>
<link rel="stylesheet" href="${stylesheet}">
</head>
<body>
<header class="top"><span class="brand">Herbis<em>Veritas</em></span></header>
<main id="content">
<section class="narrow">
<p class="eyebrow">Back soon</p>
<h1>We are tending the garden</h1>
<p class="lead">The shop is closed for a moment while we work on it. Your cart is kept.</p>
<p>Please come back in about ${minutes === 1 ? 'a minute' : `${minutes} minutes`}; this page looks again by itself.</p>
</section>
</main>
<footer><p>HerbisVeritas, herbalists in Forcalquier since 1987.</p></footer>
</body>
</html>
`;
}

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
