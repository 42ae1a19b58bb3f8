import type { Settings } from '../settings/catalogue/catalogue.ts';

/** `service.name` of all that is sent by OTLP. */
export function serviceNameOf({ name }: Pick<Settings, 'name'>): string {
  return process.env.OTEL_SERVICE_NAME ?? name ?? 'tsunicorn';
}
