import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageFacts } from '#server/incidents/images';
import { GIF, JPEG, PNG, SVG, WEBP_EXTENDED, WEBP_LOSSLESS, WEBP_LOSSY } from '#server/testing/images';

describe('what an image is', () => {
  it.each([
    ['PNG', PNG, 'image/png'],
    ['JPEG', JPEG, 'image/jpeg'],
    ['GIF', GIF, 'image/gif'],
    ['lossy WebP', WEBP_LOSSY, 'image/webp'],
    ['lossless WebP', WEBP_LOSSLESS, 'image/webp'],
    ['extended WebP', WEBP_EXTENDED, 'image/webp'],
  ])('is known by its bytes: %s', (_name, bytes, contentType) => {
    expect(imageFacts(bytes)).toEqual({ contentType, width: 3, height: 2 });
  });

  it('is told of no other kind of file', () => {
    const others = [SVG, Buffer.from('%PDF-1.7'), Buffer.from('<html><script>1</script>'), Buffer.alloc(0)];
    for (const bytes of others) expect(imageFacts(bytes), String(bytes)).toBeNull();
  });

  it('is not told where the file ends too early, or has no size', () => {
    for (const whole of [PNG, JPEG, GIF, WEBP_LOSSY, WEBP_LOSSLESS, WEBP_EXTENDED])
      for (const length of [1, 5, 9]) expect(imageFacts(whole.subarray(0, length))).toBeNull();
    const huge = Uint8Array.from(PNG);
    huge.set([0, 1, 0, 0], 16);
    expect(imageFacts(huge)).toBeNull();
    const flat = Uint8Array.from(GIF);
    flat.set([0, 0], 6);
    expect(imageFacts(flat)).toBeNull();
  });

  it('is answered for whatever comes', () => {
    const heads = [PNG, JPEG, GIF, WEBP_LOSSY].map((bytes) => bytes.subarray(0, 16));
    fc.assert(
      fc.property(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 200 }), (head, rest) => {
        const facts = imageFacts(Uint8Array.from([...head, ...rest]));
        if (facts) expect(facts.width * facts.height).toBeGreaterThan(0);
      }),
    );
  });
});
