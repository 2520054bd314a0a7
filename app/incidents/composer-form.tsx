import { Form, useNavigation } from '@remix-run/react';
import { useEffect, useRef } from 'react';
import { isPressed } from '#app/components/shortcuts/registry';
import { Button } from '#app/components/ui/button';
import { FailureNotice } from '#app/components/ui/notice';
import { RequestKey } from '#app/components/ui/request-key';
import type { ActionFailure } from '#app/http/protected.server';
import { ImagePicker, type Picked, usePickedImages } from '#app/incidents/image-picker';
import { useHydrated } from '#app/lib/clock';
import { COMPOSER_EXAMPLES, INCIDENT_TEXT_MAX } from '#server/incidents/words/contract';

/** One line for everything: a note, or a command behind a slash. What was refused stays in it. */
export function ComposerForm({
  version,
  action,
  blockedBy,
  failure,
}: {
  version: number;
  action: string;
  blockedBy: string | null;
  failure: ActionFailure | undefined;
}) {
  const field = useRef<HTMLTextAreaElement>(null);
  const refused = failure?.intent === 'compose' ? failure : null;
  const typed = refused?.values.text;
  const isHydrated = useHydrated();
  const images = useRef<HTMLInputElement>(null);
  const picked = usePickedImages(images);
  const isSending = useEmptied(field, images, picked, refused);
  const alt = refused?.values.alt;
  return (
    <Form
      method="post"
      action={action}
      encType="multipart/form-data"
      preventScrollReset
      className="grid gap-2"
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes('Files')) event.preventDefault();
      }}
      onDrop={(event) => {
        if (event.dataTransfer.files.length === 0) return;
        event.preventDefault();
        picked.add(event.dataTransfer.files);
      }}
      onPaste={(event) => {
        if (event.clipboardData.files.length === 0) return;
        event.preventDefault();
        picked.add(event.clipboardData.files);
      }}
    >
      <input type="hidden" name="intent" value="compose" />
      <input type="hidden" name="version" value={version} />
      <RequestKey />
      <FailureNotice failure={refused} />
      <label htmlFor="composer" className="sr-only">
        Add to the timeline
      </label>
      <textarea
        ref={field}
        id="composer"
        name="text"
        rows={2}
        // An image says enough by itself.
        required={picked.names.length === 0 && isHydrated}
        maxLength={INCIDENT_TEXT_MAX}
        placeholder="What happened, or /status identified …"
        aria-describedby="composer-hint"
        defaultValue={typeof typed === 'string' ? typed : ''}
        aria-invalid={refused ? true : undefined}
        className="control resize-y"
        onKeyDown={(event) => {
          if (isPressed(event, 'form.send')) event.currentTarget.form?.requestSubmit();
        }}
      />
      <ImagePicker
        field={images}
        picked={picked}
        errors={refused?.fields.images ?? []}
        alt={typeof alt === 'string' ? alt : ''}
      />
      <div className="flex flex-wrap items-start gap-x-3 gap-y-2">
        <Button type="submit" look="primary" aria-busy={isSending} blockedBy={blockedBy}>
          Add to the timeline
        </Button>
        <details className="min-w-0 flex-1 basis-56 text-s text-muted">
          <summary id="composer-hint" className="hit inline-flex items-center underline underline-offset-3">
            Commands; Ctrl or ⌘ and Enter sends
          </summary>
          <ul className="grid gap-0.5 pb-1">
            {Object.values(COMPOSER_EXAMPLES).map((example) => (
              <li key={example}>
                <code className="break-words">{example}</code>
              </li>
            ))}
            <li>Times are UTC.</li>
          </ul>
        </details>
      </div>
    </Form>
  );
}

/**
 * Empties the field once what it held was taken, unless more was typed meanwhile, and takes the images away that were sent.
 * @returns whether it is being sent
 */
function useEmptied(
  field: React.RefObject<HTMLTextAreaElement>,
  images: React.RefObject<HTMLInputElement>,
  picked: Picked,
  refused: ActionFailure | null,
): boolean {
  const navigation = useNavigation();
  const { follow } = picked;
  const sent = useRef<string | null>(null);
  const { state, formData } = navigation;
  const isMine = formData?.get('intent') === 'compose';
  const text = isMine ? String(formData?.get('text') ?? '') : null;
  useEffect(() => {
    if (state !== 'idle') {
      if (text !== null) sent.current = text;
      return;
    }
    const was = sent.current;
    sent.current = null;
    // A form's text has other line ends than its field.
    const same = (a: string, b: string) => a.replaceAll('\r\n', '\n') === b.replaceAll('\r\n', '\n');
    if (was === null || refused) return;
    if (field.current && same(field.current.value, was)) field.current.value = '';
    if (images.current?.value) {
      images.current.value = '';
      follow();
    }
  }, [state, text, refused, field, images, follow]);
  return isMine && state === 'submitting';
}
