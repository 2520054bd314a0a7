import { X } from 'lucide-react';
import { type RefObject, useState } from 'react';
import { plural } from '#app/lib/format';
import {
  INCIDENT_IMAGE_TYPES,
  INCIDENT_IMAGES_BYTES,
  INCIDENT_IMAGES_MAX,
} from '#server/incidents/words/contract';

const TYPES: readonly string[] = INCIDENT_IMAGE_TYPES;
const MEGABYTE = 1024 * 1024;

export interface Picked {
  names: string[];
  /** Why something was not taken. */
  problem: string | null;
  add(files: Iterable<File>): void;
  remove(index: number): void;
  /** After the field was changed by hand or emptied. */
  follow(): void;
}

/** The images of a file field that takes what is pasted and dropped, too. The field alone holds them. */
export function usePickedImages(field: RefObject<HTMLInputElement>): Picked {
  const [{ names, problem }, setShown] = useState<Pick<Picked, 'names' | 'problem'>>({
    names: [],
    problem: null,
  });
  const held = () => [...(field.current?.files ?? [])];
  const set = (files: File[], why: string | null) => {
    const list = new DataTransfer();
    for (const file of files) list.items.add(file);
    if (field.current) field.current.files = list.files;
    setShown({ names: files.map(({ name }) => name), problem: why });
  };
  const take = (before: File[], more: File[]) => {
    const images = more.filter(({ type }) => TYPES.includes(type));
    const other = more.find((file) => !images.includes(file));
    const all = [...before, ...images];
    const bytes = all.reduce((sum, { size }) => sum + size, 0);
    if (bytes > INCIDENT_IMAGES_BYTES)
      set(before, `Images have at most ${INCIDENT_IMAGES_BYTES / MEGABYTE} MB, all together: not taken.`);
    else if (all.length > INCIDENT_IMAGES_MAX)
      set(before, `At most ${plural(INCIDENT_IMAGES_MAX, 'image')} at once: not taken.`);
    else set(all, other ? `${other.name} is no PNG, JPEG, WebP or GIF image: not taken.` : null);
  };
  return {
    names,
    problem,
    add: (files) => take(held(), [...files]),
    remove: (index) => set(held().toSpliced(index, 1), null),
    follow: () => take([], held()),
  };
}

/** Chooses images for an entry, and shows which are chosen. */
export function ImagePicker({
  field,
  picked,
  errors,
  alt,
}: {
  field: RefObject<HTMLInputElement>;
  picked: Picked;
  errors: readonly string[];
  /** What was said of them on a form that was refused. */
  alt: string;
}) {
  const { names, problem, remove, follow } = picked;
  const problems = problem === null ? errors : [problem];
  return (
    <div className="grid gap-1.5">
      <label className="text-s text-muted">
        Images, by paste, drop or choice{' '}
        <input
          ref={field}
          type="file"
          name="images"
          accept={INCIDENT_IMAGE_TYPES.join()}
          multiple
          onChange={follow}
          className="hit max-w-full py-1.5 text-s file:mr-2 file:rounded-m file:border file:border-edge/70 file:bg-surface file:px-2 file:py-0.5 file:text-ink"
        />
      </label>
      {names.length > 0 ? (
        <ul className="flex flex-wrap gap-2" aria-label="Chosen images">
          {names.map((name, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two images may have one name, and have no other state
            <li key={`${name} ${index}`}>
              <button
                type="button"
                onClick={() => remove(index)}
                aria-label={`${name}: do not send it`}
                className="hit inline-flex max-w-60 items-center gap-1.5 rounded-m bg-pressed px-2.5 text-s hover:bg-hover"
              >
                <span className="truncate">{name}</span>
                <X aria-hidden="true" size={13} className="shrink-0" />
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      <p role="alert" className="text-s text-critical empty:hidden">
        {problems.join(' ')}
      </p>
      <details open={alt !== '' || undefined} className="text-s">
        <summary className="hit inline-flex items-center text-muted underline underline-offset-3">
          Say what they show
        </summary>
        <label className="grid gap-1 text-muted">
          For who cannot see them; empty: their names
          <input name="alt" maxLength={300} defaultValue={alt} autoComplete="off" className="control" />
        </label>
      </details>
    </div>
  );
}
