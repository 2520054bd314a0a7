/** The mark: a leaf on a check mark. */
export function BrandMark({ size = 24 }: { size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 32 32" className="shrink-0">
      <rect width="32" height="32" rx="8" className="fill-herb" />
      <path
        d="M7.5 16.5 13 23 24.5 8.5"
        fill="none"
        strokeWidth="2.8"
        strokeLinecap="round"
        strokeLinejoin="round"
        className="stroke-on-herb"
      />
      <path d="M17.2 17.6c-.6-4.5 1.7-8.6 7.3-9.1.7 5.3-2.3 9-7.3 9.1Z" className="fill-on-herb" />
    </svg>
  );
}
