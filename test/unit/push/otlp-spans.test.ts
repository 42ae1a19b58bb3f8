import { expect, it } from 'vitest';
import { tracesUrlOf } from '../../../src/push/otlp-spans.ts';
import { findPackage } from '../../../src/support/find-package.ts';

it('spans are posted behind a base, or where the variables of OpenTelemetry say', () => {
  const base = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' };
  const whole = { ...base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces/own' };
  expect(tracesUrlOf('http://here:1/', whole)).toBe('http://here:1/v1/traces');
  expect(tracesUrlOf('env', base)).toBe('http://collector:4318/v1/traces');
  expect(tracesUrlOf('env', whole)).toBe('http://traces/own');
  expect(tracesUrlOf('env', {})).toBe('http://127.0.0.1:4318/v1/traces');
});

it('a package counts as missing where what npm does not install with it is missing', () => {
  const cwd = process.cwd();
  expect(findPackage('@opentelemetry/exporter-trace-otlp-http', ['@opentelemetry/api'], cwd)).not.toBeNull();
  expect(findPackage('@opentelemetry/exporter-trace-otlp-http', ['no-such-package'], cwd)).toBeNull();
  expect(findPackage('no-such-package', [], cwd)).toBeNull();
});
