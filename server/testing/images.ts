/* Images of 3 by 2 pixels: a PNG that can be shown, and of the others what stands before the pixels. */

export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEElEQVR4nGNQaHCAIAY4CwAz1AVBh3zDkQAAAABJRU5ErkJggg==',
  'base64',
);
export const GIF = Buffer.from([...Buffer.from('GIF89a'), 3, 0, 2, 0, 0, 0, 0, 0x3b]);
export const JPEG = Buffer.from([
  // What it is, its density, and the frame with height and width.
  ...[0xff, 0xd8, 0xff, 0xe0, 0, 16, ...Buffer.from('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0],
  ...[0xff, 0xc0, 0, 17, 8, 0, 2, 0, 3, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1, 0xff, 0xd9],
]);
export const WEBP_LOSSY = webp('VP8 ', [0, 0, 0, 0x9d, 0x01, 0x2a, 3, 0, 2, 0]);
export const WEBP_LOSSLESS = webp('VP8L', [0x2f, 2, 0x40, 0, 0, 0, 0, 0, 0, 0]);
export const WEBP_EXTENDED = webp('VP8X', [0, 0, 0, 0, 2, 0, 0, 1, 0, 0]);
export const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');

function webp(kind: string, data: number[]): Buffer {
  const size = (bytes: number) => [bytes & 0xff, bytes >> 8, 0, 0];
  return Buffer.from([
    ...Buffer.from('RIFF'),
    ...size(12 + data.length),
    ...Buffer.from(`WEBP${kind}`),
    ...size(data.length),
    ...data,
  ]);
}
