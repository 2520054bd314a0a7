import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Layout, layoutOf, makeFolders, tidyLogs } from '#server/deployments/drivers/local/layout';

let layout: Layout;
beforeEach(() => {
  layout = layoutOf(mkdtempSync(path.join(tmpdir(), 'layout-')));
  makeFolders(layout);
});
afterEach(() => rmSync(layout.directory, { recursive: true, force: true }));

it('keeps logs in use and the twenty newest others, and cuts what grew too large', () => {
  const log = (name: string) => path.join(layout.logs, name);
  for (let index = 0; index < 25; index += 1) {
    writeFileSync(log(`old-${index}.log`), 'x');
    utimesSync(log(`old-${index}.log`), 1_000 + index, 1_000 + index);
  }
  writeFileSync(log('live.log'), Buffer.alloc(20 * 1024 * 1024, 'a'));
  utimesSync(log('live.log'), 1, 1);
  tidyLogs(layout, new Set(['live.log']));
  expect(statSync(log('live.log')).size).toBe(20 * 1024 * 1024);
  appendFileSync(log('live.log'), 'the end');
  tidyLogs(layout, new Set(['live.log']));
  expect(statSync(log('live.log')).size).toBe(0);
  expect(readFileSync(log('live.log.1'), 'utf8').endsWith('the end')).toBe(true);
  expect(readdirSync(layout.logs).filter((name) => name.startsWith('old-'))).toHaveLength(20);
  expect(existsSync(log('old-4.log'))).toBe(false);
  expect(existsSync(log('old-5.log'))).toBe(true);
});

it('has a control socket that systems accept', () => {
  expect(layoutOf('/srv/shop').proxySocket).toBe('/srv/shop/proxy/control.sock');
  expect(layoutOf(`/srv/${'x'.repeat(200)}`).proxySocket.length).toBeLessThan(100);
  expect(layoutOf(`/srv/${'x'.repeat(200)}`).proxySocket).not.toBe(
    layoutOf(`/srv/${'x'.repeat(201)}`).proxySocket,
  );
});
