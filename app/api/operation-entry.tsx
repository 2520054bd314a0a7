import { KeyRound, Link2 } from 'lucide-react';
import { FieldList, Type } from '#app/api/field-list';
import { Prose } from '#app/api/prose';
import type { AnswerView, OperationView } from '#app/api/reference';
import { CopyButton } from '#app/components/ui/copy-button';

/** One call: what it does, who may, what goes in and what comes out. */
export function OperationEntry({ operation }: { operation: OperationView }) {
  return (
    <article
      id={operation.id}
      aria-labelledby={`${operation.id}-title`}
      className="scroll-mt-16 border-b border-line py-5 last:border-0 target:bg-herb-soft/40"
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-x-8 gap-y-4 xl:grid-cols-[minmax(0,1fr)_minmax(0,26rem)]">
        <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] content-start gap-3">
          <header>
            <h3 id={`${operation.id}-title`} className="group text-m">
              {operation.summary}{' '}
              <a
                href={`#${operation.id}`}
                aria-label={`Link to ${operation.summary}`}
                className="hit inline-flex items-center align-middle text-faint hover:text-ink"
              >
                <Link2 aria-hidden="true" size={14} />
              </a>
            </h3>
            <p className="break-words">
              <Method method={operation.method} /> <code>{operation.path}</code>
            </p>
          </header>
          {operation.description.map((paragraph) => (
            <p key={paragraph} className="max-w-prose">
              <Prose text={paragraph} />
            </p>
          ))}
          <p className="flex items-start gap-1.5 text-muted">
            <KeyRound aria-hidden="true" size={14} className="mt-[3px] shrink-0" />
            <span>
              <Prose text={operation.access} />
            </span>
          </p>
          <FieldList title="In the path" fields={operation.inPath} />
          <FieldList title="In the query" fields={operation.inQuery} />
          <FieldList title="In the headers" fields={operation.inHeader.filter(isOwn)} />
          <FieldList title="In the body" fields={operation.body} />
          {operation.answers.map((answer) => (
            <AnswerFields key={answer.status} answer={answer} />
          ))}
        </div>
        <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] content-start gap-3">
          <Code title="Request" text={operation.curl} what="the request" />
          {operation.answers
            .filter(({ sample }) => sample !== null)
            .map((answer) => (
              <details key={answer.status} className="rounded-m border border-line">
                <summary className="hit flex items-center px-3 hover:bg-hover">
                  Shape of the answer {answer.status}
                </summary>
                <pre
                  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
                  tabIndex={0}
                  className="max-h-96 overflow-auto border-t border-line bg-sunken p-3 text-s"
                >
                  {answer.sample}
                </pre>
              </details>
            ))}
        </div>
      </div>
    </article>
  );
}

/** The key of writes is told once for all. */
function isOwn({ name }: { name: string }): boolean {
  return name !== 'Idempotency-Key';
}

function AnswerFields({ answer }: { answer: AnswerView }) {
  return (
    <div className="grid gap-1.5">
      <p>
        <span className="font-semibold">Answer {answer.status}</span>
        <span className="text-muted"> {answer.description}</span>
        {answer.type ? (
          <>
            {': '}
            <Type type={answer.type} />
          </>
        ) : null}
      </p>
      <FieldList fields={answer.fields} />
    </div>
  );
}

function Method({ method }: { method: string }) {
  return <code className="rounded-s bg-sunken px-1.5 py-0.5 font-semibold">{method}</code>;
}

/** Text to copy; it scrolls sideways on its own. */
export function Code({ title, text, what }: { title: string; text: string; what: string }) {
  return (
    <figure className="min-w-0 rounded-m border border-line">
      <figcaption className="flex min-h-8 items-center justify-between border-b border-line pr-1 pl-3 text-s text-muted">
        {title}
        <CopyButton text={text} what={what} />
      </figcaption>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        tabIndex={0}
        className="overflow-x-auto bg-sunken p-3 text-s"
      >
        {text}
      </pre>
    </figure>
  );
}
