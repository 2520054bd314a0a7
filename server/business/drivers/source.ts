import type { Measured, Span } from '#server/business/state';
import { defineToken } from '#server/platform/context';

/** Where the orders, visits and payments of an environment are read; nothing is ever written there. */
export interface BusinessSource {
  /** Of all amounts, ISO 4217. */
  readonly currency: string;
  /** What came in within each span, all read at one moment. @throws SourceError in words, without a secret */
  measure(spans: readonly Span[]): Promise<Measured[]>;
}

/** A source that did not give what was asked; `message` is a sentence for people. */
export class SourceError extends Error {
  override name = 'SourceError';
}

/** The source of an environment; null where none is set up. */
export type BusinessSources = (service: string, environment: string) => BusinessSource | null;

export const BUSINESS_SOURCES = defineToken<BusinessSources>('sources of orders, visits and payments');
