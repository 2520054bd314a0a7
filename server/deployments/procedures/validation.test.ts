import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findProblems,
  findSlowdowns,
  type ValidationResult,
  validateRelease,
} from '#server/deployments/procedures/validation';
import type { EnvironmentConfig } from '#server/services/config';
import { createTestStepIo } from '#server/testing/step-io';

function validation(change: Partial<EnvironmentConfig['validation']> = {}): EnvironmentConfig['validation'] {
  return {
    endpoints: [{ path: '/', expectStatus: 200, budgetMs: 1_000 }],
    samples: 10,
    maxErrorRate: 0.02,
    holdSeconds: 0,
    onFailure: 'rollback',
    ...change,
  };
}

function measured(failed: number, medianMs: number, requests = 50): ValidationResult {
  const lastFailure = failed > 0 ? 'status 500' : null;
  return {
    endpoints: [{ path: '/', requests, failed, medianMs, lastFailure }],
    errorRate: failed / requests,
  };
}

describe('what a validation makes of its measurements', () => {
  it('allows the share of errors that the environment allows, and not one more', () => {
    expect(findProblems(measured(1, 20), validation())).toEqual([]);
    expect(findProblems(measured(2, 20), validation())).toEqual([
      '/: 2 of 50 requests failed (status 500), allowed are 2.0 %.',
    ]);
  });

  it('holds each endpoint to its budget', () => {
    expect(findProblems(measured(0, 1_000), validation())).toEqual([]);
    expect(findProblems(measured(0, 1_000.1), validation())).toEqual([
      '/: median 1000.1 ms, allowed are 1000 ms.',
    ]);
  });

  it('warns of a release that is clearly slower than the one before, and of nothing less', () => {
    expect(findSlowdowns(measured(0, 500), null)).toEqual([]);
    expect(findSlowdowns(measured(0, 500), measured(0, 240))).toEqual(['/: median 500 ms, before 240 ms']);
    // Twice as slow, but by little; much slower, but not twice.
    expect(findSlowdowns(measured(0, 90), measured(0, 10))).toEqual([]);
    expect(findSlowdowns(measured(0, 700), measured(0, 400))).toEqual([]);
  });
});

describe('a validation', () => {
  let server: Server;
  let url: string;
  const paths: string[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      paths.push(request.url ?? '');
      response.setHeader('x-release', 'v1.0.0');
      if (request.url === '/gone') request.socket.destroy();
      else if (request.url === '/moved') response.writeHead(302, { location: '/' }).end();
      else response.end('well');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const run = (path: string, expectedTag: string | null = 'v1.0.0', holdSeconds = 0) => {
    const settings = validation({ endpoints: [{ path, expectStatus: 200, budgetMs: 1_000 }], samples: 5 });
    return validateRelease(createTestStepIo(), url, settings, { holdSeconds, expectedTag, before: null });
  };

  it('asks every endpoint as often as it is told to, for at least as long', async () => {
    paths.length = 0;
    const startedAt = performance.now();
    const { result } = await run('/', 'v1.0.0', 0.3);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(299);
    expect(paths).toEqual(Array(5).fill('/'));
    expect(result).toMatchObject({ errorRate: 0, endpoints: [{ path: '/', requests: 5, failed: 0 }] });
  });

  it('names what went wrong: a broken connection, a redirect, the wrong release', async () => {
    await expect(run('/gone')).rejects.toMatchObject({
      name: 'StepFailure',
      message: expect.stringContaining('/gone: 5 of 5'),
    });
    await expect(run('/moved')).rejects.toThrow('status 302');
    await expect(run('/', 'v2.0.0')).rejects.toThrow('answered by v1.0.0');
  });

  it('ends at once with the reason when the run is stopped', async () => {
    const io = createTestStepIo();
    const settings = validation({ samples: 1_000 });
    const validating = validateRelease(io, url, settings, {
      holdSeconds: 60,
      expectedTag: null,
      before: null,
    });
    setTimeout(() => io.abort(new Error('superseded')), 50);
    await expect(validating).rejects.toThrow('superseded');
  });
});
