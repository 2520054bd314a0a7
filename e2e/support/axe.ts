import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { expectNoSideScroll } from './page';

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** The rules whose verdict depends on colours: all that another theme can change. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** Colours are the same at every width, so the narrow window is looked at in one theme. */
const PHONE_WIDTH = 400;

/** The page as it is open, in both themes, and no wider than its window. */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  await expectNoSideScroll(page);
  const isPhone = (page.viewportSize()?.width ?? 0) < PHONE_WIDTH;
  for (const theme of isPhone ? (['light'] as const) : (['light', 'dark'] as const)) {
    await page.evaluate(async (value) => {
      document.documentElement.dataset.theme = value;
      // A colour on its way to the other theme's is neither's.
      const moving = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
      await Promise.allSettled(moving.map((animation) => animation.finished));
    }, theme);
    // The legacy mode spares a second page for each look; what it cannot do is look into frames of other origins.
    const axe = new AxeBuilder({ page }).setLegacyMode();
    const { violations } = await (theme === 'light'
      ? axe.withTags(TAGS)
      : axe.withRules(COLOUR_RULES)
    ).analyze();
    const found = violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map(({ html, failureSummary }) => `${html} (${failureSummary})`).join('; ')}`,
    );
    expect(found, `${name}, ${theme}`).toEqual([]);
  }
}
