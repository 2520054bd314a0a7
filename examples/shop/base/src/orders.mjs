import { randomInt } from 'node:crypto';

/**
 * @typedef {object} NewOrder
 * @property {number | null} userId
 * @property {string} email
 * @property {string} contactName
 * @property {string} address
 * @property {string} release
 */

/** @typedef {{ slug: string, name: string, quantity: number, unitPriceCents: number }} OrderLine */
/** @typedef {{ id: string, email: string, contactName: string, address: string, deliveryCents: number, totalCents: number, placedAt: Date, lines: OrderLine[] }} Order */
/** @typedef {{ id: string, email: string, contactName: string, address: string, totalCents: number, placedAt: Date, release: string }} OrderSummary */

const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** An order number that cannot be guessed: 12 characters of 32, about 60 bits. */
export function newOrderId() {
  return Array.from({ length: 12 }, () => alphabet[randomInt(alphabet.length)]).join('');
}

/**
 * Writes an order, its lines and its payment in one transaction.
 * @param {import('./database.mjs').Database} db
 * @param {NewOrder} order
 * @param {import('./cart.mjs').Cart} cart
 * @param {string} paymentReference
 * @returns {Promise<string>} the order's id
 */
export async function placeOrder(db, order, cart, paymentReference) {
  const id = newOrderId();
  const client = await db.connect();
  let failure;
  try {
    await client.query('begin');
    await client.query(
      `insert into customer_order (id, user_id, email, contact_name, address, delivery_cents, total_cents, release)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        id,
        order.userId,
        order.email,
        order.contactName,
        order.address,
        cart.deliveryCents,
        cart.totalCents,
        order.release,
      ],
    );
    await client.query(
      `insert into order_line (order_id, slug, quantity, unit_price_cents)
       select $1, slug, quantity, price
         from unnest($2::text[], $3::int[], $4::int[]) as line (slug, quantity, price)`,
      [
        id,
        cart.lines.map((line) => line.product.slug),
        cart.lines.map((line) => line.quantity),
        cart.lines.map((line) => line.product.priceCents),
      ],
    );
    await client.query(
      `insert into payment_attempt (order_id, amount_cents, outcome, reference) values ($1, $2, 'accepted', $3)`,
      [id, cart.totalCents, paymentReference],
    );
    await client.query('commit');
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    // A client whose transaction failed is closed, which rolls it back.
    client.release(failure !== undefined);
  }
  return id;
}

/**
 * Records a payment that the provider refused.
 * @param {import('./database.mjs').Database} db
 * @param {number} amountCents
 * @param {string} reason
 */
export async function recordRefusal(db, amountCents, reason) {
  await db.query(`insert into payment_attempt (amount_cents, outcome, reason) values ($1, 'refused', $2)`, [
    amountCents,
    reason,
  ]);
}

/**
 * @param {import('./database.mjs').Database} db
 * @param {string} id
 * @returns {Promise<Order | null>}
 */
export async function findOrder(db, id) {
  const { rows } = await db.query(
    `select id, email, contact_name as "contactName", address, delivery_cents as "deliveryCents",
            total_cents as "totalCents", placed_at as "placedAt"
       from customer_order
      where id = $1`,
    [id],
  );
  if (!rows[0]) return null;
  const lines = await db.query(
    `select slug, product.name, quantity, unit_price_cents as "unitPriceCents"
       from order_line join product using (slug)
      where order_id = $1
      order by product.position`,
    [id],
  );
  return { ...rows[0], lines: lines.rows };
}

/**
 * The newest orders, newest first, for the team.
 * @param {import('./database.mjs').Database} db
 * @param {number} limit
 * @returns {Promise<OrderSummary[]>}
 */
export async function recentOrders(db, limit) {
  const { rows } = await db.query(
    `select id, email, contact_name as "contactName", address, total_cents as "totalCents",
            placed_at as "placedAt", release
       from customer_order
      order by placed_at desc
      limit $1`,
    [limit],
  );
  return rows;
}
