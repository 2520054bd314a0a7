import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { HttpError } from './http.mjs';
import { noFaults, switchesOff } from './ops-state.mjs';

/** Answered whatever is switched: probes, operators and what a page is drawn with. */
const alwaysOpen = /^\/(api\/health|metrics|assets\/.*|api\/ops\/.*)$/;
/** What a lockdown refuses: everything that signs in, takes money or belongs to the team. */
const lockedDown = /^\/(login|logout|checkout|admin)$/;

/** Maintenance refuses this request; the answer says when to come back. */
export class Closed extends HttpError {
  /** @param {number} retryAfterSeconds */
  constructor(retryAfterSeconds) {
    super(503, 'We are working on the shop and will be back shortly.');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What operators have switched, as one instance applies it. Without a state everything is off. */
export class Ops {
  #errors = share();
  #payments = share();
  /** @type {{ allow: string[], list: BlockList } | null} */
  #allowed = null;

  /**
   * @param {{ release: string, token: string | null, state: import('./ops-state.mjs').OpsState | null, now?: () => number }} options
   */
  constructor({ release, token, state, now = Date.now }) {
    this.release = release;
    this.state = state;
    this.now = now;
    this.digest = token ? digestOf(token) : null;
  }

  /** @returns {import('./ops-state.mjs').Switches} */
  get switches() {
    return this.state?.current ?? switchesOff();
  }

  get inMaintenance() {
    const { enabled, until } = this.switches.maintenance;
    return enabled && !this.#isOver(until);
  }

  get inLockdown() {
    return this.switches.lockdown.enabled;
  }

  /** The faults that this release has now. */
  get faults() {
    const { faults } = this.switches;
    const isMeant = faults.releases.length === 0 || faults.releases.includes(this.release);
    return isMeant && !this.#isOver(faults.until) ? faults : noFaults;
  }

  /**
   * Says whether the request may be served.
   * @param {string} path
   * @param {string} client address
   * @param {string} [authorization] operators are let in during maintenance, so that they can look at what they made
   * @returns {boolean} true when it is served although visitors are turned away
   * @throws {Closed} 503 in maintenance
   * @throws {HttpError} 423 in lockdown
   */
  admit(path, client, authorization) {
    if (alwaysOpen.test(path)) return false;
    const isAllowed = this.inMaintenance && (this.#isAllowed(client) || this.isOperator(authorization));
    if (this.inMaintenance && !isAllowed) throw new Closed(this.#retryAfter());
    if (this.inLockdown && lockedDown.test(path)) {
      throw new HttpError(
        423,
        'For your safety, logging in and checking out are closed for the moment. You can go on looking around.',
      );
    }
    return isAllowed;
  }

  /**
   * Does to the request what the injected faults say.
   * @param {string} path
   * @throws {Error} when it is one of the share that fails
   */
  async suffer(path) {
    if (alwaysOpen.test(path)) return;
    const { latencyMs, errorRate } = this.faults;
    if (latencyMs > 0) await pause(latencyMs);
    if (this.#errors(errorRate)) throw new Error('an injected fault');
  }

  /** @returns {{ accepted: false, reason: string } | null} not null when this payment is one of the share that fails */
  failedPayment() {
    if (!this.#payments(this.faults.paymentFailureRate)) return null;
    return { accepted: false, reason: 'the payment provider did not answer' };
  }

  /**
   * @param {string | undefined} header `authorization`
   * @returns {boolean} true when it carries the operators' token; compared in constant time
   */
  isOperator(header) {
    const token = /^Bearer (\S+)$/.exec(header ?? '')?.[1];
    return this.digest !== null && token !== undefined && timingSafeEqual(this.digest, digestOf(token));
  }

  #retryAfter() {
    const { until, retryAfterSeconds } = this.switches.maintenance;
    if (!until) return retryAfterSeconds;
    return Math.max(1, Math.ceil((Date.parse(until) - this.now()) / 1000));
  }

  /** @param {string | null} until */
  #isOver(until) {
    return until !== null && Date.parse(until) <= this.now();
  }

  /** @param {string} client */
  #isAllowed(client) {
    const { allow } = this.switches.maintenance;
    if (this.#allowed?.allow !== allow) this.#allowed = { allow, list: blockListOf(allow) };
    const family = isIP(client);
    return family !== 0 && this.#allowed.list.check(client, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/**
 * The visitor's address. Only a proxy on this machine is believed about it, and only about its own caller.
 * @param {import('node:http').IncomingMessage} request
 */
export function clientOf(request) {
  const peer = plainAddress(request.socket.remoteAddress ?? '');
  const said = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',').at(-1)?.trim() ?? '';
  const isOwnProxy = peer === '::1' || peer.startsWith('127.');
  return isOwnProxy && isIP(plainAddress(said)) !== 0 ? plainAddress(said) : peer;
}

/**
 * @param {string} entry an address, or a range such as 10.0.0.0/8
 */
export function isAddressOrRange(entry) {
  const [address = '', bits, ...rest] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** @param {string[]} entries */
function blockListOf(entries) {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/**
 * IPv4 in its own form, also where a socket that speaks both shows it as IPv6.
 * @param {string} address
 */
function plainAddress(address) {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/**
 * Answers true for exactly the share of its calls, evenly spread.
 * @returns {(rate: number) => boolean}
 */
function share() {
  let owed = 0;
  return (rate) => {
    owed += rate;
    if (owed < 1 - 1e-9) return false;
    owed -= 1;
    return true;
  };
}

/** @param {string} token */
function digestOf(token) {
  return createHash('sha256').update(token).digest();
}
