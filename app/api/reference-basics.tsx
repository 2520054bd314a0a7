import { Link } from '@remix-run/react';
import { FieldList } from '#app/api/field-list';
import { Prose } from '#app/api/prose';
import type { FieldView } from '#app/api/reference';
import { Section } from '#app/components/ui/section';
import { formatCount } from '#app/lib/format';
import { paths } from '#app/lib/paths';

interface ProblemRow {
  kind: string;
  status: number;
  title: string;
  meaning: string;
}

/** What holds for every call: how to come in, repeat, go slow, and read a refusal. */
export function ReferenceBasics({
  introduction,
  idempotencyKey,
  limits,
  problems,
}: {
  introduction: readonly string[];
  idempotencyKey: FieldView;
  limits: { signedIn: number; anonymous: number };
  problems: readonly ProblemRow[];
}) {
  return (
    <>
      <Section title="Authentication" anchor="authentication">
        <div className="grid max-w-prose gap-2">
          {introduction.map((paragraph) => (
            <p key={paragraph}>
              <Prose text={paragraph} />
            </p>
          ))}
          <p>
            <Link to={paths.newToken()} className="link">
              Make a token
            </Link>
            . It may do what its scopes and the role of its person both allow. The examples below read it from{' '}
            <code>OPS_TOKEN</code>.
          </p>
        </div>
      </Section>
      <Section title="Repeating a write" anchor="idempotency">
        <div className="max-w-3xl">
          <FieldList fields={[idempotencyKey]} />
        </div>
      </Section>
      <Section title="Rate limits" anchor="rate-limits">
        <div className="grid max-w-prose gap-2">
          <p>
            {formatCount(limits.signedIn)} requests a minute for each token or signed-in person, and{' '}
            {formatCount(limits.anonymous)} a minute for each address without one. Each web process counts for
            itself.
          </p>
          <p>
            Every answer says how much is left: <code>RateLimit-Policy</code> names the limit (<code>q</code>{' '}
            requests in <code>w</code> seconds) and <code>RateLimit</code> the rest (<code>r</code> requests
            for <code>t</code> seconds). Over it the answer is{' '}
            <a href="#problem-rate_limited" className="link">
              429
            </a>{' '}
            with <code>Retry-After</code>.
          </p>
        </div>
      </Section>
      <Section
        title="Refusals"
        anchor="problems"
        note="RFC 9457, application/problem+json. Programs act on kind; type leads here."
      >
        <dl className="-my-2">
          {problems.map(({ kind, status, title, meaning }) => (
            <div
              key={kind}
              id={`problem-${kind}`}
              className="grid scroll-mt-16 gap-x-4 border-b border-line px-2 py-2 last:border-0 target:bg-herb-soft sm:grid-cols-[3rem_minmax(11rem,14rem)_minmax(0,1fr)]"
            >
              <dt className="contents">
                <span className="font-semibold">{status}</span>
                <a href={`#problem-${kind}`} className="no-underline hover:underline">
                  <code>{kind}</code>
                </a>
              </dt>
              <dd>
                {title}. <Prose text={meaning} />
              </dd>
            </div>
          ))}
        </dl>
      </Section>
    </>
  );
}
