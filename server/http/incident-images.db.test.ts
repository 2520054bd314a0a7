import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addIncidentImages } from '#server/incidents/commands/add-images';
import { declareIncident } from '#server/incidents/commands/declare-incident';
import { mergeIncident } from '#server/incidents/commands/merge-incidents';
import { listTimeline } from '#server/incidents/queries';
import { getIncidentImage } from '#server/incidents/queries/image';
import type { Ctx } from '#server/platform/context';
import { callApi } from '#server/testing/api-client';
import type { TestApp } from '#server/testing/context';
import { GIF, JPEG, PNG, SVG } from '#server/testing/images';
import { addPerson, addToken, failureOf } from '#server/testing/people';
import { withAdmin } from '#server/testing/server';
import {
  cookieOf,
  createWebTestApp,
  startTestWebServer,
  type TestWebServer,
} from '#server/testing/web-server';

let app: TestApp;
let web: TestWebServer;
let responder: Ctx;
let viewer: Ctx;

beforeAll(async () => {
  app = await createWebTestApp();
  web = await startTestWebServer(app);
  [responder, viewer] = await Promise.all([app.asRole('responder'), app.asRole('viewer')]);
}, 120_000);
afterAll(async () => {
  await web.close();
  await app.close();
});

const declare = () => declareIncident(responder, { title: 'Checkout fails' });
const newest = async (number: number) => (await listTimeline(viewer, { number })).rows[0];
const image = (bytes: Buffer, fileName = 'screen.png') => ({ fileName, base64: bytes.toString('base64') });
const big = (bytes: number) => Buffer.concat([PNG, Buffer.alloc(bytes - PNG.length)]);

describe('adding images', () => {
  it('makes them part of an entry that says what they are, in one transaction', async () => {
    const { number } = await declare();
    const entry = await addIncidentImages(responder, {
      number,
      text: 'The dashboard at noon',
      images: [image(PNG), image(JPEG, '../../etc\\été\x07.jpg')],
    });
    expect(entry).toMatchObject({ kind: 'evidence', text: 'The dashboard at noon' });
    expect(entry.images).toEqual([
      expect.objectContaining({
        fileName: 'screen.png',
        alt: 'screen.png',
        contentType: 'image/png',
        width: 3,
        height: 2,
        sizeBytes: PNG.length,
      }),
      expect.objectContaining({ fileName: '.. .. etc été .jpg', contentType: 'image/jpeg' }),
    ]);
    expect(await newest(number)).toEqual(entry);
    const [first] = entry.images;
    const kept = await getIncidentImage(viewer, { number, imageId: first?.id });
    expect(Buffer.from(kept.bytes).equals(PNG)).toBe(true);
    const [audit] = await app.system.db.auditEntry.findMany({ where: { action: 'incidents.add-images' } });
    expect(audit?.details).toMatchObject({ entryId: entry.id, images: [{ sha256: first?.sha256 }, {}] });
  });

  it('needs no words', async () => {
    const { number } = await declare();
    const entry = await addIncidentImages(responder, { number, alt: 'A red line', images: [image(GIF, '')] });
    expect(entry).toMatchObject({ text: 'An image: image', images: [{ alt: 'A red line' }] });
  });

  it('refuses what is no image by its content, is too large or too many, and keeps none of it', async () => {
    const { number } = await declare();
    const before = await app.system.db.incidentAttachment.count();
    const refused = (images: object[], ctx = responder) =>
      failureOf(addIncidentImages(ctx, { number, text: 'See', images }));
    expect(await refused([image(PNG), image(SVG, 'drawing.png')])).toMatchObject({
      kind: 'invalid_input',
      message: expect.stringContaining('drawing.png is no image that can be shown here'),
      fields: { images: [expect.stringContaining('save it as PNG')] },
    });
    const half = big(2.7 * 1024 * 1024);
    expect(await refused([image(half, 'a.png'), image(half, 'b.png')])).toMatchObject({
      fields: { images: [expect.stringContaining('a.png, b.png: 5.4 MB are too much')] },
    });
    expect(await refused(Array.from({ length: 5 }, () => image(PNG)))).toMatchObject({
      fields: { images: [expect.stringContaining('At most 4')] },
    });
    expect(await refused([])).toMatchObject({ kind: 'invalid_input' });
    expect(await refused([{ fileName: 'a.png', base64: `${PNG.toString('base64')} !` }])).toMatchObject({
      fields: { images: [expect.stringContaining('a.png is not in base64')] },
    });
    expect(await refused([image(PNG)], viewer)).toMatchObject({ kind: 'forbidden' });
    expect(await app.system.db.incidentAttachment.count()).toBe(before);
    expect((await newest(number))?.kind).toBe('role');
    const most = await addIncidentImages(responder, { number, images: [image(big(5 * 1024 * 1024))] });
    expect(most.images[0]?.sizeBytes).toBe(5 * 1024 * 1024);
  });

  it('keeps them as they are, whatever the console’s own login tries', async () => {
    for (const table of ['incident_attachment', 'incident_attachment_content'])
      await expect(
        withAdmin(app.testDatabase.url, (client) => client.query(`DELETE FROM ${table}`)),
      ).rejects.toThrow(/permission denied/);
  });
});

describe('over HTTP', () => {
  const send = async (number: number, files: [string, Uint8Array][], ctx: Ctx | null, text = 'Look') => {
    const body = new FormData();
    body.set('intent', 'compose');
    body.set('text', text);
    for (const [name, bytes] of files) body.append('images', new Blob([new Uint8Array(bytes)]), name);
    const cookie = ctx ? { cookie: await cookieOf(ctx) } : {};
    return web.request(`/incidents/${number}`, { method: 'POST', body, ...cookie });
  };

  it('an image is shown to who may see the incident, and nothing in it runs', async () => {
    const { number, version } = await declare();
    const sent = await send(number, [['nötiz 1.png', PNG]], responder);
    expect(sent.status).toBe(303);
    const entry = await newest(number);
    const address = `/incidents/${number}/images/${entry?.images[0]?.id}`;
    const shown = await web.request(address, { cookie: await cookieOf(viewer) });
    expect(shown.status).toBe(200);
    expect(Object.fromEntries(shown.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-disposition': `inline; filename="image"; filename*=UTF-8''n%C3%B6tiz%201.png`,
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=31536000, immutable',
    });
    expect(Buffer.from(await shown.arrayBuffer()).equals(PNG)).toBe(true);
    const anonymous = await web.request(address);
    expect(anonymous.headers.get('Location')).toContain('/login');
    const other = await declare();
    const elsewhere = await web.request(address.replace(`/${number}/`, `/${other.number}/`), {
      cookie: await cookieOf(viewer),
    });
    expect(elsewhere.status).toBe(404);
    await mergeIncident(responder, { number, version, into: other.number, reason: 'The same' });
    const page = await (
      await web.request(`/incidents/${other.number}`, { cookie: await cookieOf(viewer) })
    ).text();
    expect(page).toContain(address);
  });

  it('what is refused keeps the words, and what is far too large is not read', async () => {
    const { number } = await declare();
    const wrong = await send(number, [['a.png', SVG]], responder, 'Words that must not be lost');
    expect(wrong.status).toBe(400);
    const text = await wrong.text();
    expect(text).toContain('a.png is no image that can be shown here');
    expect(text).toContain('Words that must not be lost</textarea>');
    const large = await send(number, [['b.png', big(6 * 1024 * 1024)]], responder, 'Kept, too');
    expect([large.status, await large.text()]).toEqual([
      400,
      expect.stringContaining('Kept, too</textarea>'),
    ]);
    const command = await send(number, [['c.png', PNG]], responder, '/level 1 because it burns');
    expect([command.status, await command.text()]).toEqual([
      400,
      expect.stringContaining('Images go with a note'),
    ]);
    expect((await send(number, [['d.png', PNG]], viewer)).status).toBe(403);
    expect((await send(number, [['e.png', big(12_000_001)]], responder)).status).toBe(413);
    // Elsewhere the limit is as it was.
    const body = new FormData();
    body.set('images', new Blob([new Uint8Array(1_000_001)]), 'f.png');
    const cookie = await cookieOf(responder);
    expect((await web.request('/incidents/new', { method: 'POST', body, cookie })).status).toBe(413);
    expect((await newest(number))?.kind).toBe('role');
  });

  it('programs send them as JSON, larger than other bodies, and once however often they send', async () => {
    const { number } = await declare();
    const { secret } = await addToken((await addPerson(app, 'responder')).ctx, ['incidents.manage']);
    const post = (bytes: Buffer, key?: string) =>
      callApi(web, 'POST', `/api/v1/incidents/${number}/images`, {
        token: secret,
        key,
        body: { text: 'From a program', images: [image(bytes)] },
      });
    const size = 2 * 1024 * 1024;
    const answers = [await post(big(size), 'one-and-the-same'), await post(big(size), 'one-and-the-same')];
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(await newest(number)).toMatchObject({ text: 'From a program', images: [{ sizeBytes: size }] });
    expect(
      (await listTimeline(viewer, { number })).rows.filter(({ text }) => text === 'From a program'),
    ).toHaveLength(1);
    expect((await post(big(6 * 1024 * 1024))).status).toBe(400);
    expect((await post(big(9_100_000))).status).toBe(413);
  });
});
