import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bar, type Candidate, server, tsunicorn } from './candidate.ts';

/** Writes the certificate of the candidates into that directory. */
export async function writeCertificate(scratch: string): Promise<void> {
  const { certificate, key } = await import(
    join(import.meta.dirname, '../test/fixtures/shapes/certificate.mjs')
  );
  writeFileSync(join(scratch, 'cert.pem'), certificate);
  writeFileSync(join(scratch, 'key.pem'), key);
}

/** Bare node:https, and tsunicorn that ends TLS before the same application: one process each. */
export function tlsCandidates(scratch: string): readonly Candidate[] {
  const [cert, key] = [join(scratch, 'cert.pem'), join(scratch, 'key.pem')];
  return [
    {
      name: 'bare node:https',
      processes: 1,
      command: [process.execPath, server('bare-https.js'), cert, key],
    },
    {
      name: 'tsunicorn tls',
      processes: 1,
      command: tsunicorn('app.js', 1, '--certfile', cert, '--keyfile', key),
    },
  ];
}

export const tlsBars: readonly Bar[] = (['tls', 'tls-close'] as const).map((name) => ({
  in: name,
  candidate: 'tsunicorn tls',
  metric: 'perSecond',
  sense: 'at least',
  factor: 0.95,
  against: 'bare node:https',
}));
