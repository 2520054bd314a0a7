import { html } from '../html.mjs';

/**
 * The frame of every page.
 * @param {import('../session.mjs').Frame} frame
 * @param {{ title: string, description?: string, current?: 'shop' | 'cart' | 'login' | 'admin', head?: import('../html.mjs').SafeHtml }} page
 * @param {import('../html.mjs').SafeHtml} content
 */
export function layout(frame, page, content) {
  /** @param {string} name */
  const current = (name) => page.current === name && html` aria-current="page"`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · HerbisVeritas</title>
<meta name="description" content="${page.description ?? 'Herbs, teas, oils and balms from small French growers.'}">
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cpath d='M16 30V14M16 18C6 18 4 10 4 4c8 0 12 5 12 14Zm0 4c8 0 11-6 12-13-8 0-12 5-12 13Z' fill='%23567a3c' stroke='%232f4a22' stroke-width='2'/%3E%3C/svg%3E">
<link rel="stylesheet" href="${frame.stylesheet}">${page.head}
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="top">
<a class="brand" href="/">Herbis<em>Veritas</em></a>
<nav class="menu" aria-label="Main">
<a href="/shop"${current('shop')}>Shop</a>
${frame.user?.role === 'admin' && html`<a href="/admin"${current('admin')}>Orders</a>`}
<a href="/cart"${current('cart')}>Cart${frame.cartCount > 0 && html` <span class="badge">${frame.cartCount}</span>`}</a>
${
  frame.user
    ? html`<form method="post" action="/logout"><button class="link">Log out</button></form>`
    : html`<a href="/login"${current('login')}>Log in</a>`
}
</nav>
</header>
<main id="content">
${content}
</main>
<footer>
<p>HerbisVeritas, herbalists in Forcalquier since 1987.</p>
<p class="quiet">Release ${frame.release}</p>
</footer>
</body>
</html>
`;
}
