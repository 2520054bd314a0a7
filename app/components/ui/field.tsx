import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from 'react';
import { isPressed } from '#app/components/shortcuts/registry';
import { cn } from '#app/lib/cn';

interface FieldProps {
  label: string;
  /** Said before a mistake is made. */
  hint?: ReactNode;
  /** What the server answered about this field. */
  errors?: readonly string[] | undefined;
  optional?: boolean;
  className?: string;
}

interface Wiring {
  id: string;
  'aria-invalid'?: true;
  'aria-describedby'?: string;
}

function FieldFrame({
  label,
  hint,
  errors,
  optional,
  className,
  children,
}: FieldProps & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const failed = Boolean(errors?.length);
  const describedBy = [hint ? `${id}-hint` : '', failed ? `${id}-error` : ''].filter(Boolean).join(' ');
  return (
    <div className={cn('grid gap-1', className)}>
      <label htmlFor={id} className="font-medium">
        {label}
        {optional ? <span className="font-normal text-muted"> (optional)</span> : null}
      </label>
      {children({
        id,
        ...(failed ? { 'aria-invalid': true as const } : {}),
        ...(describedBy ? { 'aria-describedby': describedBy } : {}),
      })}
      {hint ? (
        <p id={`${id}-hint`} className="text-s text-muted">
          {hint}
        </p>
      ) : null}
      {failed ? (
        <p id={`${id}-error`} className="text-s text-critical">
          {errors?.join(' ')}
        </p>
      ) : null}
    </div>
  );
}

/** A labelled one-line input. */
export function TextField({
  label,
  hint,
  errors,
  optional,
  className,
  ...input
}: FieldProps & Omit<InputHTMLAttributes<HTMLInputElement>, 'className'>) {
  return (
    <FieldFrame {...{ label, hint, errors, optional, className }}>
      {(wiring) => <input type="text" className="control" {...input} {...wiring} />}
    </FieldFrame>
  );
}

/** A labelled text of some lines. Ctrl+Enter or ⌘+Enter sends its form. */
export function TextAreaField({
  label,
  hint,
  errors,
  optional,
  className,
  ...input
}: FieldProps & Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'className'>) {
  return (
    <FieldFrame {...{ label, hint, errors, optional, className }}>
      {(wiring) => (
        <textarea
          rows={2}
          className="control resize-y"
          onKeyDown={(event) => {
            if (isPressed(event, 'form.send')) event.currentTarget.form?.requestSubmit();
          }}
          {...input}
          {...wiring}
        />
      )}
    </FieldFrame>
  );
}

/** A labelled choice of one. */
export function SelectField({
  label,
  hint,
  errors,
  optional,
  className,
  options,
  ...input
}: FieldProps &
  Omit<SelectHTMLAttributes<HTMLSelectElement>, 'className'> & {
    options: { value: string; label: string }[];
  }) {
  return (
    <FieldFrame {...{ label, hint, errors, optional, className }}>
      {(wiring) => (
        <select className="control" {...input} {...wiring}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </FieldFrame>
  );
}
