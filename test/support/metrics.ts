import { get } from './client.ts';
import type { Running } from './tsunicorn.ts';

/** Where the arbiter answers, once it does. */
export async function adminOf(running: Running): Promise<string> {
  const [, url = ''] = await running.waitForLog(/The arbiter answers at: (\S+?),? /);
  return url;
}

/** The samples of /metrics by their name with its labels. */
export async function samples(admin: string): Promise<ReadonlyMap<string, number>> {
  const { body } = await get(admin, '/metrics');
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** How many requests were counted, whatever their labels; those whose labels match `which`. */
export async function counted(admin: string, which = /./): Promise<number> {
  let sum = 0;
  for (const [name, value] of await samples(admin))
    if (name.startsWith('http_server_request_duration_seconds_count') && which.test(name)) sum += value;
  return sum;
}
