import { html } from '../html.mjs';
import { layout } from './layout.mjs';
import { productCard } from './product-card.mjs';

/**
 * @param {import('../session.mjs').Frame} frame
 * @param {import('../catalogue.mjs').Product[]} products
 */
export function homePage(frame, products) {
  const season = products.filter((product) => product.stock > 0).slice(0, 4);
  return layout(
    frame,
    { title: 'Herbs that tell the truth' },
    html`<section class="hero">
<p class="eyebrow">Herboristerie de Haute-Provence</p>
<h1>Herbs that tell the truth.</h1>
<p class="lead">Grown by eleven families we know by name, dried in the shade, and sent within two days.</p>
<a class="button" href="/shop">See the shop</a>
</section>
<section>
<h2>This season</h2>
<ul class="grid">${season.map(productCard)}</ul>
</section>
<section class="promises">
<div><h3>Picked by hand</h3><p>Whole leaves and flowers, never powder.</p></div>
<div><h3>Nothing added</h3><p>No flavouring and no colour, in anything.</p></div>
<div><h3>Free delivery from €49</h3><p>By bicycle in Forcalquier, by post elsewhere.</p></div>
</section>`,
  );
}
