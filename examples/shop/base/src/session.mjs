/**
 * What every page shows around its content.
 * @typedef {{ user: import('./users.mjs').User | null, cartCount: number, release: string, stylesheet: string }} Frame
 */

/**
 * @param {import('./app.mjs').Context} context
 * @returns {Promise<Frame>}
 */
export async function frameOf(context) {
  return {
    user: await context.user(),
    cartCount: [...context.cart.values()].reduce((sum, quantity) => sum + quantity, 0),
    release: context.services.config.release,
    stylesheet: context.services.assets.stylesheet,
  };
}
