// Visitors of the example shop: they browse, log in, fill a cart and order. Settings: SHOP_URL, VISITS_PER_SECOND.
import { setTimeout as pause } from 'node:timers/promises';

const reportMs = 60_000;
const requestTimeoutMs = 10_000;
const maximumOpenVisits = 200;
const maximumPauseMs = 30_000;
const firstPauseMs = 500;
const password = 'herbes-de-provence';
const acceptedCard = '4242 4242 4242 4242';
const declinedCard = '4000 0000 0000 0002';

/** How many visitors of a hundred go on to each step. */
const share = { addToCart: 55, logIn: 25, checkOut: 60, declinedCard: 1 };

class SettingError extends Error {}
/** The shop cannot be reached, or a proxy says so. */
class ShopAway extends Error {}

const stop = new AbortController();
const openVisits = /** @type {Set<Promise<void>>} */ (new Set());
let counts = emptyCounts();
let pauseMs = 0;
let awayUntil = 0;

process.once('SIGTERM', () => stop.abort());
process.once('SIGINT', () => stop.abort());

try {
  await main();
} catch (error) {
  if (!(error instanceof SettingError)) throw error;
  process.stderr.write(`visitors: ${error.message}\n`);
  process.exitCode = 2;
}

async function main() {
  const shop = readShopUrl(process.env.SHOP_URL);
  const perSecond = readRate(process.env.VISITS_PER_SECOND);
  const reports = setInterval(report, reportMs);
  while (!stop.signal.aborted) {
    await pauseUnlessStopped(1000 / perSecond);
    if (stop.signal.aborted || openVisits.size >= maximumOpenVisits || Date.now() < awayUntil) continue;
    // While the shop is away one visitor at a time tries the door.
    if (pauseMs > 0 && openVisits.size > 0) continue;
    const open = visit(shop).finally(() => openVisits.delete(open));
    openVisits.add(open);
  }
  clearInterval(reports);
  await Promise.all(openVisits);
  report();
}

/**
 * One visitor, from the door to the order or to where they leave. A visit that meets a failure ends there.
 * @param {URL} shop
 */
async function visit(shop) {
  const cookies = /** @type {Map<string, string>} */ (new Map());
  counts.visits += 1;
  try {
    await browse(shop, cookies);
    pauseMs = 0;
  } catch (error) {
    counts.failed += 1;
    counts.lastFailure = error instanceof Error ? error.message : String(error);
    if (error instanceof ShopAway) backOff();
  }
}

/**
 * @param {URL} shop
 * @param {Map<string, string>} cookies
 */
async function browse(shop, cookies) {
  await get(shop, '/', cookies);
  const shelf = await get(shop, '/shop', cookies);
  const slugs = [
    ...new Set([...shelf.matchAll(/href="\/shop\/([a-z0-9-]+)"/g)].map((match) => match[1] ?? '')),
  ];
  const slug = slugs[Math.floor(Math.random() * slugs.length)];
  if (!slug) throw failed('/shop shows no product');
  await get(shop, `/shop/${slug}`, cookies);
  if (!happens(share.addToCart)) return;
  await post(shop, '/cart', cookies, { slug, quantity: String(1 + Math.floor(Math.random() * 4)) }, [303]);
  await get(shop, '/cart', cookies);
  if (happens(share.logIn)) {
    await post(shop, '/login', cookies, { email: 'camille@example.org', password, next: '/cart' }, [303]);
  }
  if (!happens(share.checkOut)) return;
  await get(shop, '/checkout', cookies);
  await checkOut(shop, cookies);
}

/**
 * @param {URL} shop
 * @param {Map<string, string>} cookies
 */
async function checkOut(shop, cookies) {
  const declined = happens(share.declinedCard);
  const form = {
    email: 'camille@example.org',
    name: 'Camille Laurent',
    // Releases before v1.1.0 ask for one line, later ones for its parts.
    address: '12 place du Bourguet, 04300 Forcalquier',
    street: '12 place du Bourguet',
    postalCode: '04300',
    city: 'Forcalquier',
    card: declined ? declinedCard : acceptedCard,
    expiry: '12/39',
  };
  const answer = await post(shop, '/checkout', cookies, form, [declined ? 402 : 303]);
  if (declined) return;
  counts.orders += 1;
  await get(shop, answer.headers.get('location') ?? '/orders/none', cookies);
}

/**
 * @param {URL} shop
 * @param {string} path
 * @param {Map<string, string>} cookies
 */
async function get(shop, path, cookies) {
  const response = await request(shop, path, cookies, {}, [200]);
  return response.text;
}

/**
 * @param {URL} shop
 * @param {string} path
 * @param {Map<string, string>} cookies
 * @param {Record<string, string>} form
 * @param {number[]} expected
 */
function post(shop, path, cookies, form, expected) {
  return request(shop, path, cookies, { method: 'POST', body: new URLSearchParams(form) }, expected);
}

/**
 * @param {URL} shop
 * @param {string} path
 * @param {Map<string, string>} cookies
 * @param {RequestInit} init
 * @param {number[]} expected statuses
 * @throws {ShopAway} when nothing answers
 */
async function request(shop, path, cookies, init, expected) {
  const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
  const url = new URL(path, shop);
  if (url.origin !== shop.origin) throw failed(`${path} leads away from the shop`);
  let response;
  let text;
  try {
    const signal = AbortSignal.timeout(requestTimeoutMs);
    response = await fetch(url, { ...init, headers, redirect: 'manual', signal });
    text = await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new ShopAway(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  for (const line of response.headers.getSetCookie()) {
    const [pair = ''] = line.split(';');
    const index = pair.indexOf('=');
    cookies.set(pair.slice(0, index), pair.slice(index + 1));
  }
  if ([502, 503, 504].includes(response.status)) throw new ShopAway(`${path} answered ${response.status}`);
  if (!expected.includes(response.status)) throw failed(`${path} answered ${response.status}`);
  return { text, headers: response.headers };
}

/** @param {string} message */
function failed(message) {
  return Object.assign(new Error(message), { name: 'VisitFailed' });
}

function backOff() {
  if (Date.now() < awayUntil) return;
  pauseMs = Math.min(maximumPauseMs, Math.max(firstPauseMs, pauseMs * 2));
  awayUntil = Date.now() + pauseMs;
}

/** @param {number} percent */
function happens(percent) {
  return Math.random() * 100 < percent;
}

/** @param {number} ms */
async function pauseUnlessStopped(ms) {
  try {
    await pause(ms, undefined, { signal: stop.signal });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
}

/** One line of JSON with what happened since the last one. */
function report() {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...counts })}\n`);
  counts = emptyCounts();
}

/** @returns {{ visits: number, orders: number, failed: number, lastFailure?: string }} */
function emptyCounts() {
  return { visits: 0, orders: 0, failed: 0 };
}

/** @param {string | undefined} value */
function readShopUrl(value) {
  if (!value || !URL.canParse(value))
    throw new SettingError('SHOP_URL must be an address such as http://127.0.0.1:4000');
  const url = new URL(value);
  const loopback =
    url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(url.hostname);
  if (url.protocol !== 'http:' || !loopback) {
    throw new SettingError(
      `SHOP_URL must be http on this machine (127.0.0.1, localhost or [::1]), not ${url.origin}`,
    );
  }
  return url;
}

/** @param {string | undefined} value */
function readRate(value) {
  const rate = Number(value || '2');
  if (!(rate > 0 && rate <= 50)) throw new SettingError('VISITS_PER_SECOND must be above 0 and at most 50');
  return rate;
}
