/** How a file may be compressed beside it: its coding (RFC 9110, 8.4.1), and the end of its name. */
export interface Encoding {
  readonly name: 'br' | 'zstd' | 'gzip';
  readonly ending: string;
}

/** Of those that a client likes equally well, the first is sent. */
export const ENCODINGS: readonly Encoding[] = [
  { name: 'br', ending: '.br' },
  { name: 'zstd', ending: '.zst' },
  { name: 'gzip', ending: '.gz' },
];

/**
 * The encoding that the client likes best by `Accept-Encoding` (RFC 9110, 12.5.3); null for the file as it is, also where
 * the client does not say what it takes. A client that lists an encoding wants it rather than none, unless it says by
 * `identity` that it likes the plain file better.
 */
export function chooseEncoding(accepted: string | undefined, there: readonly Encoding[]): Encoding | null {
  if (accepted === undefined || there.length === 0) return null;
  const weights = weightsOf(accepted);
  const plain = weights.get('identity') ?? 0;
  let best: Encoding | null = null;
  let bestWeight = 0;
  for (const encoding of there) {
    const weight = weights.get(encoding.name) ?? weights.get('*') ?? 0;
    if (weight > bestWeight && weight >= plain) {
      best = encoding;
      bestWeight = weight;
    }
  }
  return best;
}

function weightsOf(accepted: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const part of accepted.split(',')) {
    const [coding = '', ...parameters] = part.split(';');
    const name = coding.trim().toLowerCase();
    if (name !== '') weights.set(name === 'x-gzip' ? 'gzip' : name, weightOf(parameters));
  }
  return weights;
}

/** 1 where there is no `q`; 0, which is a refusal, where it is no number. */
function weightOf(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const [, text] = /^\s*q\s*=\s*(.*?)\s*$/i.exec(parameter) ?? [];
    if (text !== undefined) return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;
  }
  return 1;
}
