import { Link } from '@remix-run/react';
import { Section } from '#app/components/ui/section';
import { StatusMark } from '#app/components/ui/status-mark';
import { RelativeTime } from '#app/components/ui/time';
import { useNow } from '#app/lib/clock';
import { plural } from '#app/lib/format';
import { paths } from '#app/lib/paths';
import { tokenLook } from '#app/settings/looks';
import { summariseScopes } from '#app/settings/permission-words';
import type { TokenView } from '#server/auth/contract';

/** What programs act with in a person's name; absent where there is none. */
export function PersonTokens({ tokens }: { tokens: TokenView[] }) {
  const now = useNow(60_000);
  if (tokens.length === 0) return null;
  return (
    <Section title="API tokens" note={plural(tokens.length, 'token')} flush>
      <ul className="divide-y divide-line">
        {tokens.map((token) => (
          <li
            key={token.id}
            className="flex min-h-10 flex-wrap items-center gap-x-4 gap-y-0.5 px-4 py-1.5 hover:bg-hover"
          >
            <Link
              to={paths.token(token.id)}
              className="min-w-0 flex-1 break-words no-underline hover:underline"
            >
              <span className="font-medium">{token.name}</span>{' '}
              <code className="text-s text-muted">hvo_…{token.hint}</code>
            </Link>
            <span className="text-s text-muted">{summariseScopes(token.scopes)}</span>
            <StatusMark look={tokenLook(token, now)} className="text-s" />
            <span className="text-s whitespace-nowrap text-muted">
              {token.lastUsedAt ? (
                <>
                  used <RelativeTime at={token.lastUsedAt} />
                </>
              ) : (
                'never used'
              )}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
