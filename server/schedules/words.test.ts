import { describe, expect, it } from 'vitest';
import { ruleInWords } from '#server/schedules/words';

describe('ruleInWords', () => {
  it.each([
    ['0 10 * * 1', 'Every Monday at 10:00'],
    ['0 10 * * MON', 'Every Monday at 10:00'],
    ['30 9 * * 1-5', 'Monday to Friday at 09:30'],
    ['0 9 * * 6,7', 'Every Saturday and Sunday at 09:00'],
    ['0 9 * * 0,5,6', 'Friday to Sunday at 09:00'],
    ['0 6,18 * * *', 'Every day at 06:00 and 18:00'],
    ['0 0 1 * *', 'On day 1 of every month at 00:00'],
    ['0 0 1,15 * *', 'On day 1 and 15 of every month at 00:00'],
    ['0 0 1 */3 *', 'On day 1 of January, April, July and October at 00:00'],
    ['0 8 * 6-8 *', 'Every day in June to August at 08:00'],
    ['0 8 13 * 5', 'On day 13 of every month and every Friday at 08:00'],
    ['*/10 * * * *', 'Every 10 minutes'],
    ['* * * * *', 'Every minute'],
    ['0 * * * *', 'Every hour, on the hour'],
    ['5 */6 * * *', 'Every day at 00:05, 06:05, 12:05 and 18:05'],
    ['0 */2 * * 1', 'Every 2 hours from 00:00, every Monday'],
    ['*/15 9-17 * * 1-5', 'Every 15 minutes from 09:00 to 17:59, Monday to Friday'],
  ])('%s: %s', (cron, words) => expect(ruleInWords(cron)).toBe(words));

  it.each([
    // Seven does not come round evenly: after minute 56 comes minute 0.
    '*/7 * * * *',
    '3,9,27 * * * *',
    '0 0 L * *',
    '0 0 * * 1#2',
    'nonsense',
    '0 10 * *',
    '0 99 * * *',
    '0 10 * * 5-2',
  ])('%s is better read as it is', (cron) => expect(ruleInWords(cron)).toBeNull());
});
