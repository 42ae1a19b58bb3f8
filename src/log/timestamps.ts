const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `[2026-11-21 06:00:00 +0000]`: local time, as Gunicorn's error log writes it. */
export function logTime(at: Date): string {
  return `[${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${timeOfDay(at)} ${zone(at)}]`;
}

/** `[21/Nov/2026:06:00:00 +0000]`: local time, as in the Common Log Format. */
export function accessTime(at: Date): string {
  return `[${two(at.getDate())}/${MONTHS[at.getMonth()]}/${at.getFullYear()}:${timeOfDay(at)} ${zone(at)}]`;
}

/** The present time in a format that shows no fraction of a second: it is formatted once for all calls of a second. */
export function oncePerSecond(format: (at: Date) => string, now: () => number = Date.now): () => string {
  let second = Number.NaN;
  let text = '';
  return () => {
    const ms = now();
    const present = Math.floor(ms / 1000);
    if (present !== second) {
      second = present;
      text = format(new Date(ms));
    }
    return text;
  };
}

/** The present time as `2026-11-21T06:00:00.123Z`; all but the fraction is formatted once a second. */
export function isoClock(now: () => number = Date.now): () => string {
  let ms = 0;
  const upToSecond = oncePerSecond(
    (at) => at.toISOString().slice(0, -4),
    () => ms,
  );
  return () => {
    ms = now();
    return `${upToSecond()}${`${ms % 1000}`.padStart(3, '0')}Z`;
  };
}

function timeOfDay(at: Date): string {
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function zone(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${two(size % 60)}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}
