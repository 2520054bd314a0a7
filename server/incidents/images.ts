import type { INCIDENT_IMAGE_TYPES } from '#server/incidents/words/contract';

export interface ImageFacts {
  contentType: (typeof INCIDENT_IMAGE_TYPES)[number];
  /** Pixels. */
  width: number;
  height: number;
}

/** Beyond so many pixels a side, showing an image is a burden for who looks at it. */
const SIDE_MAX = 20_000;

/**
 * What an image is by its own first bytes, whatever it is called; null for anything that is no PNG, JPEG, WebP or GIF, that
 * ends before it says its size, or that is of no reasonable size. Pure.
 */
export function imageFacts(bytes: Uint8Array): ImageFacts | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = readers.map((read) => read(bytes, view)).find((facts) => facts !== null);
  if (!found) return null;
  const isShowable = [found.width, found.height].every((side) => side > 0 && side <= SIDE_MAX);
  return isShowable ? found : null;
}

type Reader = (bytes: Uint8Array, view: DataView) => ImageFacts | null;

const isAt = (bytes: Uint8Array, offset: number, text: string): boolean =>
  bytes.length >= offset + text.length &&
  [...text].every((char, index) => bytes[offset + index] === char.charCodeAt(0));

const readers: Reader[] = [png, gif, webp, jpeg];

function png(bytes: Uint8Array, view: DataView): ImageFacts | null {
  if (bytes.length < 24 || !isAt(bytes, 0, '\x89PNG\r\n\x1a\n') || !isAt(bytes, 12, 'IHDR')) return null;
  return { contentType: 'image/png', width: view.getUint32(16), height: view.getUint32(20) };
}

function gif(bytes: Uint8Array, view: DataView): ImageFacts | null {
  if (bytes.length < 10 || !(isAt(bytes, 0, 'GIF87a') || isAt(bytes, 0, 'GIF89a'))) return null;
  return { contentType: 'image/gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

function webp(bytes: Uint8Array, view: DataView): ImageFacts | null {
  if (bytes.length < 30 || !isAt(bytes, 0, 'RIFF') || !isAt(bytes, 8, 'WEBP')) return null;
  const contentType = 'image/webp';
  const byteAt = (offset: number) => view.getUint8(offset);
  if (isAt(bytes, 12, 'VP8X')) {
    const side = (at: number) => 1 + (byteAt(at) | (byteAt(at + 1) << 8) | (byteAt(at + 2) << 16));
    return { contentType, width: side(24), height: side(27) };
  }
  if (isAt(bytes, 12, 'VP8L') && byteAt(20) === 0x2f) {
    const bits = view.getUint32(21, true);
    return { contentType, width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  if (isAt(bytes, 12, 'VP8 ') && isAt(bytes, 23, '\x9d\x01\x2a')) {
    return {
      contentType,
      width: view.getUint16(26, true) & 0x3fff,
      height: view.getUint16(28, true) & 0x3fff,
    };
  }
  return null;
}

/** Markers that begin the frame of a JPEG, where its size is: all from C0 to CF but DHT, JPG and DAC. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

function jpeg(bytes: Uint8Array, view: DataView): ImageFacts | null {
  if (!isAt(bytes, 0, '\xff\xd8\xff')) return null;
  let at = 2;
  while (at + 9 <= bytes.length) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (isFrame(marker))
      return { contentType: 'image/jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    // Between markers there may be any number of FF; the others say how long they are.
    if (marker === 0xff) at += 1;
    else {
      const length = view.getUint16(at + 2);
      if (length < 2) return null;
      at += 2 + length;
    }
  }
  return null;
}
