import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { Answer } from '../../gateway/answer.ts';
import { BodyReader, closeBody } from '../../gateway/body.ts';
import type { GatewayContext } from '../../gateway/context.ts';
import { environOf } from '../../gateway/environ.ts';
import { InputError } from '../../gateway/input.ts';
import { LineOutput } from '../../gateway/line-output.ts';
import type { Chunk, GatewayApplication } from '../../gateway/types.ts';
import type { Application } from '../application.ts';
import { faultOf } from '../client-fault.ts';
import { refuse } from '../refuse.ts';
import { drained } from './drained.ts';

export interface WsgiOptions {
  readonly context: GatewayContext;
  /** Takes what close() throws: the answer is over by then, so that no handler can reject with it. */
  readonly onError: (error: unknown, req?: IncomingMessage) => void;
}

interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly answer: Answer;
  readonly onError: (error: unknown) => void;
}

/** Makes an Application of one of the gateway interface. A body that is an array is sent in the same turn. */
export function adaptWsgi(app: GatewayApplication, { context, onError }: WsgiOptions): Application {
  return {
    what: 'gateway application',
    handler(req, res) {
      const errors = new LineOutput(context.log, (flush) => void res.once('close', flush));
      const answer = new Answer(res);
      const late = (error: unknown) => {
        if (faultOf(error, req, res) !== 'left') onError(error, req);
      };
      const exchange: Exchange = { req, res, answer, onError: late };
      try {
        const body: unknown = app(environOf(req, context, errors), answer.startResponse);
        const sent = Array.isArray(body) ? sendArray(exchange, body) : sendBody(exchange, body);
        return sent?.catch((error: unknown) => answerFailure(exchange, error));
      } catch (error) {
        return answerFailure(exchange, error);
      }
    },
  };
}

function sendArray({ answer, onError }: Exchange, body: readonly Chunk[]): undefined {
  try {
    if (!answer.isOver) answer.sendWhole(body);
  } finally {
    closeBody(body, onError);
  }
}

async function sendBody(exchange: Exchange, returned: unknown): Promise<void> {
  const body = await returned;
  if (Array.isArray(body)) return sendArray(exchange, body);
  const { res, onError } = exchange;
  const reader = new BodyReader(body, onError);
  const end = () => reader.end();
  res.once('close', end);
  try {
    await stream(exchange, reader);
  } finally {
    reader.end();
    res.off('close', end);
  }
}

async function stream({ res, answer }: Exchange, reader: BodyReader): Promise<void> {
  while (!answer.isOver && answer.takesBody) {
    const { done, value } = await reader.next();
    if (done || answer.isOver) break;
    if (!answer.write(value)) await drained(res);
    // Node sends at the end of the turn. An iterator that computes would delay its own chunks and all other requests.
    else if (reader.isSync) await turn();
  }
  if (!answer.isOver) answer.end();
}

/** Answers failures that the client has caused; throws the others, which the server logs and answers. */
function answerFailure({ req, res }: Exchange, error: unknown): void {
  // The client has gone, which the signal of wsgi.input or its body has reported: nobody waits for an answer.
  if (faultOf(error, req, res) === 'left') return;
  if (!(error instanceof InputError) || res.headersSent) throw error;
  // The rest of the body need not be read.
  refuse(res, error.status, `${error.message[0]?.toUpperCase()}${error.message.slice(1)}`);
}
