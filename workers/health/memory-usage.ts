/** Null if it cannot be read: on Linux it is in a file, which cannot be opened while no descriptor is free. */
export function memoryUsage(): NodeJS.MemoryUsage | null {
  return unlessItFails(() => process.memoryUsage());
}

/** The resident bytes alone, which take less to read; null where memoryUsage() is. */
export function residentBytes(): number | null {
  return unlessItFails(() => process.memoryUsage.rss());
}

/** Callers run in timers, where an error would count as the application's and end the worker. */
function unlessItFails<Usage>(read: () => Usage): Usage | null {
  try {
    return read();
  } catch {
    return null;
  }
}
