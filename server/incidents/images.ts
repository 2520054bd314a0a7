import { disableTypes, imageSize, types } from 'image-size';
import type { INCIDENT_IMAGE_TYPES } from '#server/incidents/words/contract';

export interface ImageFacts {
  contentType: (typeof INCIDENT_IMAGE_TYPES)[number];
  /** Pixels. */
  width: number;
  height: number;
}

/** Beyond so many pixels a side, showing an image is a burden for who looks at it. */
const SIDE_MAX = 20_000;

/** What is taken, as the library calls it. Its other readers are never run. */
const CONTENT_TYPES: Record<string, ImageFacts['contentType']> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
};
disableTypes(types.filter((type) => !(type in CONTENT_TYPES)));

/**
 * What an image is by its own bytes, whatever it is called; null for anything that is no PNG, JPEG, WebP or GIF, that ends
 * before it says its size, or that is of no reasonable size. Pure.
 */
export function imageFacts(bytes: Uint8Array): ImageFacts | null {
  const { width, height, type } = sizeOf(bytes);
  const contentType = CONTENT_TYPES[type ?? ''];
  const isShowable = [width, height].every((side) => side > 0 && side <= SIDE_MAX);
  return contentType && isShowable ? { contentType, width, height } : null;
}

function sizeOf(bytes: Uint8Array): { width: number; height: number; type?: string } {
  try {
    // A copy: of a part of a buffer the library reads beyond its end.
    return imageSize(new Uint8Array(bytes));
  } catch {
    // It throws, in words of its own, for whatever it cannot read.
    return { width: 0, height: 0 };
  }
}
