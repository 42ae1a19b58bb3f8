/** Null where it cannot be read: Linux tells it in a file, and none can be opened while no descriptor is free. */
export function memoryUsage(): NodeJS.MemoryUsage | null {
  return unlessItFails(() => process.memoryUsage());
}

/** The resident bytes alone, which take less to read; null where memoryUsage() is. */
export function residentBytes(): number | null {
  return unlessItFails(() => process.memoryUsage.rss());
}

/** Who asks does so from a timer: an error would be taken for the application's, and end the worker. */
function unlessItFails<Usage>(read: () => Usage): Usage | null {
  try {
    return read();
  } catch {
    return null;
  }
}
