import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { usageFailure } from '#server/cli/ops/failure';
import { INCIDENT_IMAGES_BYTES, INCIDENT_IMAGES_MAX } from '#server/incidents/words/contract';

/**
 * The images of some files, as the console takes them; what they are it looks at itself.
 * @throws OpsFailure `usage` for what cannot be read or is too much, before anything is sent
 */
export async function readImages(files: readonly string[]): Promise<{ fileName: string; base64: string }[]> {
  if (files.length > INCIDENT_IMAGES_MAX)
    throw usageFailure(`--image: at most ${INCIDENT_IMAGES_MAX} images at once.`);
  const images: { fileName: string; base64: string }[] = [];
  let left = INCIDENT_IMAGES_BYTES;
  for (const file of files) {
    left -= await sizeOf(file);
    if (left < 0)
      throw usageFailure(
        `--image: images have at most ${INCIDENT_IMAGES_BYTES / (1024 * 1024)} MB, all together.`,
        'Send fewer at once, crop them, or save them smaller.',
      );
    images.push({ fileName: path.basename(file), base64: await readFile(file, 'base64') });
  }
  return images;
}

/** Bytes. */
async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => null);
  if (found?.isFile()) return found.size;
  throw usageFailure(`--image: there is no file "${file}".`);
}
