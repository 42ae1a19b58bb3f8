import type { Settings } from '../../settings/catalogue/catalogue.ts';

/** How much a request may be. Sizes are in bytes; Infinity is no limit. */
export interface EdgeLimits {
  readonly line: number;
  readonly fields: number;
  readonly fieldSize: number;
  readonly body: number;
  /** How long the head may take to arrive; 0 is no limit. */
  readonly headMs: number;
  /** How long a body may take to arrive, beside a second for each 500 bytes; 0 is no limit. */
  readonly bodyMs: number;
  /** How long a client may take nothing of what is sent; 0 is no limit. */
  readonly writeMs: number;
  /** Whether every method passes that Node can parse. */
  readonly permitsAnyMethod: boolean;
  /** Whether no header may have an underscore in its name. */
  readonly refusesUnderscores: boolean;
}

export const NO_LIMITS: EdgeLimits = {
  line: Infinity,
  fields: Infinity,
  fieldSize: Infinity,
  body: Infinity,
  headMs: 60_000,
  bodyMs: 0,
  writeMs: 0,
  permitsAnyMethod: false,
  refusesUnderscores: false,
};

/** What 0 stands for, as in Gunicorn. */
const FIELD_BYTES = 8190;

/** The largest body by default where it takes the place of other requests: in classes `sync` and `thread`. */
const BODY_BYTES = 64 * 1024 ** 2;

export function edgeLimitsOf(settings: Settings): EdgeLimits {
  const { limitRequestBody: body, workerClass } = settings;
  return {
    line: settings.limitRequestLine || Infinity,
    fields: settings.limitRequestFields || Infinity,
    fieldSize: settings.limitRequestFieldSize || FIELD_BYTES,
    body: (body ?? (workerClass === 'async' ? 0 : BODY_BYTES)) || Infinity,
    headMs: settings.headerTimeout * 1000,
    bodyMs: settings.bodyTimeout * 1000,
    writeMs: settings.writeTimeout * 1000,
    permitsAnyMethod: settings.permitUnconventionalHttpMethod,
    refusesUnderscores: settings.headerMap === 'refuse',
  };
}

/** The options of node:http for the whole head, which the parser has to hold. */
export function headOptions({ line, fieldSize }: EdgeLimits): { maxHeaderSize?: number } {
  const least = 2 * Math.max(...[line, fieldSize].filter(Number.isFinite), 0);
  const { maxHeaderSize } = process.getBuiltinModule('node:http');
  return least > maxHeaderSize ? { maxHeaderSize: least } : {};
}
