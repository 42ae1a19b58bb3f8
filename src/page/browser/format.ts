type Value = number | null | undefined;

const NOTHING = '–';

function shown(value: Value, text: (known: number) => string): string {
  return value === null || value === undefined || Number.isNaN(value) ? NOTHING : text(value);
}

/** `0.3`, `12`, `1,234`. */
export function count(value: Value): string {
  return shown(value, (known) =>
    known !== 0 && Math.abs(known) < 10 && !Number.isInteger(known)
      ? known.toFixed(1)
      : Math.round(known).toLocaleString('en'),
  );
}

/** Of seconds: `0.4 ms`, `12 ms`, `1.2 s`, `3 min`. */
export function time(value: Value): string {
  return shown(value, (seconds) => {
    if (seconds === 0) return '0';
    if (seconds < 0.01) return `${(seconds * 1000).toFixed(1)} ms`;
    if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
    if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
    return span(seconds);
  });
}

/** Of seconds, roughly: `45 s`, `12 min`, `3 h`, `5 d`. */
export function span(value: Value): string {
  return shown(value, (seconds) => {
    if (seconds < 120) return `${Math.round(seconds)} s`;
    if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
    return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
  });
}

/** `123 MB`. */
export function bytes(value: Value): string {
  return shown(value, (known) =>
    known === 0
      ? '0'
      : known >= 1e9
        ? `${(known / 1e9).toFixed(2)} GB`
        : known >= 1e6
          ? `${Math.round(known / 1e6)} MB`
          : `${Math.round(known / 1e3)} kB`,
  );
}

/** Of processors: `12 %`. */
export function percent(value: Value): string {
  return shown(value, (known) => `${Math.round(known * 100)} %`);
}

/** The time of day, to the second. */
export function clock(ms: number): string {
  return new Date(ms).toLocaleTimeString('en-GB');
}
