import { describe, expect, it } from 'vitest';
import { inspectPath, redactEvidence } from '#server/monitoring/security-events/patterns';

const BENIGN = [
  '/',
  '/shop?q=thym',
  "/shop?q=O'Brien",
  "/shop?q=l'arnica%20ou%20l'huile",
  '/shop?q=select+your+size+from+the+list',
  '/shop?q=union+station',
  '/shop?q=student%20union%20selection',
  '/shop?q=drop+table+lamp',
  '/shop?q=100%25%20bio',
  '/shop?q=rock+%26+roll--live',
  '/shop?q=a=a',
  '/shop?category=huiles&q=or',
  '/shop?q=5+or+6',
  '/shop?page=2&size=2',
  '/shop/eau-de-rose;jsessionid=12',
  '/shop?q=%22huile%20d%27olive%22',
  '/shop?q=sleep+tea',
  '/assets/shop-1A2B3C4D.css',
  '/orders/ABCDEF234567',
  '/search?q=../catalogue',
  '/shop?q=cat;dog',
  '/shop?q=%E0%A4%A',
  '/shop?q=javascript+book',
  '/shop?note=it%27s%20%231',
  "/shop?q='herbes'%20and%20'miel'",
];

const HOSTILE: [string, string][] = [
  ["/shop?q=' OR '1'='1", 'sql_injection'],
  ['/shop?q=%27%20OR%20%271%27%3D%271', 'sql_injection'],
  ['/shop?q=%27+or+1%3D1--', 'sql_injection'],
  ['/shop?q=%2527%2520OR%25201%253D1', 'sql_injection'],
  ['/shop?id=1%20UNION%20SELECT%20email,password_hash%20FROM%20app_user', 'sql_injection'],
  ['/shop?id=1/**/UNION/**/ALL/**/SELECT/**/1,2', 'sql_injection'],
  ['/shop?id=1%20or%201=1', 'sql_injection'],
  ['/shop?id=1;DROP%20TABLE%20product', 'sql_injection'],
  ["/shop?q=admin'--", 'sql_injection'],
  ['/shop?q=1%20AND%20pg_sleep(5)', 'sql_injection'],
  ["/shop?q=1;WAITFOR%20DELAY%20'0:0:5'", 'sql_injection'],
  ['/shop?q=x%27%20and%20extractvalue(1,concat(0x7e,version()))', 'sql_injection'],
  ['/shop?q=1%20select%20x%20from%20information_schema.tables', 'sql_injection'],
  ['/download?file=../../../../etc/passwd', 'path_traversal'],
  ['/download?file=..%2f..%2f..%2fetc%2fshadow', 'path_traversal'],
  ['/shop?q=%3Cscript%3Ealert(1)%3C/script%3E', 'cross_site_scripting'],
  ['/shop?q=%3Cimg%20src=x%20onerror=alert(1)%3E', 'cross_site_scripting'],
  ['/ping?host=127.0.0.1;cat%20/var/log', 'command_injection'],
];

describe('looking at the address of a request', () => {
  it.each(BENIGN)('%s is a visitor', (path) => {
    expect(inspectPath(path)).toBeNull();
  });

  it.each(HOSTILE)('%s is %s', (path, kind) => {
    expect(inspectPath(path)?.kind).toBe(kind);
  });

  it('is quick on addresses that are made to be slow', () => {
    const startedAt = performance.now();
    for (const part of ["'", '../', '%25', '/*', ' or 1', '<svg ', 'extractvalue(']) {
      inspectPath(`/shop?q=${part.repeat(8_000 / part.length)}`);
    }
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('keeps no secret and no person in the evidence', () => {
    const evidence = inspectPath("/login?email=ana@example.org&password=hunter22&x=' or '1'='1")?.evidence;
    expect(evidence).not.toMatch(/hunter22|ana@/);
    expect(redactEvidence('/reset?token=abcdef&a=1')).toBe('/reset?token=[redacted]&a=1');
  });
});
