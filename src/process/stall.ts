import type { WaitingRequest } from '../flights/table.ts';
import { seconds } from '../support/duration.ts';
import { tagText } from '../support/request-id.ts';
import type { BlockSeen, Stalled, StalledRequest } from './ipc/blocks.ts';

/** Why a worker that its watchdog reported is killed. */
export function stallReason({ blockedMs }: Pick<Stalled, 'blockedMs'>): string {
  return `its event loop was blocked for ${seconds(blockedMs)}`;
}

/** What was seen of a blocked event loop, for people. */
export function stallLines({ seen }: Pick<Stalled, 'seen'>): readonly string[] {
  const { stack, unseen, requests, omitted, unread } = seen;
  const noStack = unseen
    ? "where is not known, as tsunicorn's own files cannot be loaded: have they been removed? Restart it"
    : 'blocked in native code: there is no JavaScript stack';
  return [
    ...(stack === null ? [noStack] : ['blocked at:', ...stack.map((frame) => `  ${frame}`)]),
    ...requestLines(requests, omitted),
    ...(unread === 0 ? [] : [`  ${unread} not read yet, answered with 503`]),
  ];
}

/** The requests that were in flight where a process ended itself, for people. */
export function waitingLines(requests: readonly WaitingRequest[], waiting: number): readonly string[] {
  const more = waiting - requests.length;
  return [
    'requests in flight:',
    ...requests.map(
      ({ method, path, ageMs, ...tags }) => `  ${method} ${path}${tagText(tags)}, for ${seconds(ageMs)}`,
    ),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

/** What is seen of an event loop that is blocked and goes on afterwards, for people. */
export function blockLines({ stack, requests, waiting }: BlockSeen): readonly string[] {
  const [, ...named] = waitingLines(requests, waiting);
  return [
    ...(stack === null ? [] : ['blocked at:', ...stack.map((frame) => `  ${frame}`)]),
    waiting === 0 ? 'no requests in flight' : `requests in flight (${waiting}), the latest first:`,
    ...named,
  ];
}

/** The requests that were in flight, and how many more. */
export function requestLines(requests: readonly StalledRequest[], omitted: number): readonly string[] {
  return [
    requests.length === 0 ? 'no requests in flight' : 'requests in flight:',
    ...requests.map((request) => `  ${describe(request)}`),
    ...(omitted === 0 ? [] : [`  and ${omitted} more`]),
  ];
}

function describe({ method, path, ageMs, got, ...tags }: StalledRequest): string {
  return `${method} ${path}${tagText(tags)}, for ${seconds(ageMs)}, ${OUTCOMES[got]}`;
}

const OUTCOMES: Readonly<Record<StalledRequest['got'], string>> = {
  503: 'answered with 503',
  part: 'cut in the middle of its answer',
  nothing: 'cut, because it waited behind another request on its connection',
  cut: 'cut',
};
