import { hash, type Options, verify } from '@node-rs/argon2';

/** argon2id with the least cost that OWASP's password storage cheat sheet allows: 19 MiB, 2 passes, 1 lane. */
const COST: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** The hash of a password, a PHC string. Takes some 30 ms, off the main thread. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

let decoy: Promise<string> | null = null;

/**
 * True when `password` belongs to `passwordHash`. Without a hash a decoy is verified instead, so that the time tells
 * nobody whether a person exists.
 */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  decoy ??= hashPassword('the decoy of nobody');
  const matches = await verify(passwordHash ?? (await decoy), password);
  return passwordHash !== null && matches;
}
