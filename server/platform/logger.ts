import pino from 'pino';

export type Logger = pino.Logger;

/**
 * The process's JSON log on standard output. Request and run ids travel as bindings of child loggers. Fields that can
 * hold a secret are censored by path; run output is redacted before it gets here.
 */
export function createLogger(options: { level: string; process: 'web' | 'worker' | 'cli' }): Logger {
  return pino({
    level: options.level,
    base: { process: options.process, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        'password',
        '*.password',
        'token',
        '*.token',
        'authorization',
        '*.authorization',
        'req.headers.cookie',
        'req.headers.authorization',
        'res.headers["set-cookie"]',
      ],
      censor: '[redacted]',
    },
  });
}
