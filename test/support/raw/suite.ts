import { once } from 'node:events';
import net from 'node:net';
import { addressOf } from '../load.ts';
import { deadlineMs } from '../patience.ts';
import type { RawCase } from './case.ts';

/** A service that is tried. */
export interface Tried {
  readonly url: string;
  readonly keepsConnections: boolean;
}

/** How many connections to one service there are at a time. */
const AT_ONCE = 24;

/** Sends each case on a connection of its own, with a request behind it; returns what was wrong, a line each. */
export async function tryCases(tried: Tried, cases: readonly RawCase[]): Promise<readonly string[]> {
  const left = cases.map((one, index) => ({ one, index }));
  const wrong: string[] = [];
  const client = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { one, index } = next;
      const text = await exchange(tried.url, one.bytes + behind(index));
      const fault = faultIn(text, one, tried);
      if (fault !== null) wrong.push(`${one.name}: ${fault}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  return [...wrong, ...(await wronglyRun(tried, cases))];
}

/** The last request of its connection. */
function behind(index: number): string {
  return `GET /behind/${index} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
}

export function statusesIn(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

function faultIn(
  text: string,
  { status, behind, body }: RawCase,
  { keepsConnections }: Tried,
): string | null {
  const statuses = statusesIn(text);
  const answers = statuses.filter((found) => found !== 100);
  const [first = 0, ...others] = answers;
  const isRight = [status].flat().some((wanted) => first === wanted || Math.floor(first / 100) === wanted);
  if (!isRight) return `${first} in place of ${status}: ${JSON.stringify(text.slice(0, 200))}`;
  // What is refused must not have been told before that its body is welcome.
  if (status !== 2 && answers.length < statuses.length) return `100 before ${first}`;
  const wanted = behind && keepsConnections ? 1 : 0;
  if (others.length !== wanted) return `${others.length} answers behind ${first}, in place of ${wanted}`;
  if (others.some((other) => other !== 200)) return `${others} behind ${first}`;
  if (body !== undefined && !text.includes(` with ${body} bytes`))
    return `not with ${body} bytes: ${JSON.stringify(text)}`;
  return null;
}

/** Requests that ran although what was before them was refused, or ended its connection. */
async function wronglyRun(
  { url, keepsConnections }: Tried,
  cases: readonly RawCase[],
): Promise<readonly string[]> {
  const text = await exchange(url, 'GET /ran HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const [list] = /\[.*\]/.exec(text) ?? ['null'];
  const ran = new Set<string>(JSON.parse(list));
  return cases.flatMap(({ name, behind }, index) =>
    ran.has(`/behind/${index}`) && !(behind && keepsConnections) ? [`${name}: what was behind it ran`] : [],
  );
}

/** Writes bytes, and ends its side where it `ends`; returns all that comes until the server ends the connection. */
export async function exchange(
  url: string,
  bytes: string,
  then: 'waits' | 'ends' = 'waits',
): Promise<string> {
  const socket = net.connect({ ...addressOf(url), allowHalfOpen: true });
  let text = '';
  socket.setEncoding('latin1').on('data', (more) => {
    text += more;
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    text += `[${error.code}]`;
  });
  socket.setTimeout(deadlineMs(), () => socket.destroy(new Error('silent')));
  socket.write(bytes, 'latin1');
  if (then === 'ends') socket.end();
  await Promise.race([once(socket, 'end'), once(socket, 'close')]).catch(() => {});
  socket.destroy();
  return text;
}
