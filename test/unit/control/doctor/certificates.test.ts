import { expect, it } from 'vitest';
import { certificates } from '../../../../src/control/doctor/certificates.ts';
import type { Patient } from '../../../../src/control/doctor/finding.ts';

const certificate = (daysLeft: number, remark: string | null = null) => ({
  ...{ file: `/etc/tls/${daysLeft}.pem`, names: ['shop.example.com'], daysLeft, remark },
  validUntil: '2026-12-31T00:00:00.000Z',
});

const of = (...rows: readonly object[]) =>
  certificates({ status: { certificates: rows } } as unknown as Patient);

it('says nothing where no client speaks TLS', () => {
  expect(of()).toEqual([]);
});

it('one that has expired matters most, and one that soon will is a warning', () => {
  expect(of(certificate(40), certificate(-2), certificate(3))).toMatchObject([
    {
      severity: 'critical',
      message: 'that of shop.example.com (-2.pem) expired on 2026-12-31: clients refuse it',
    },
    { severity: 'warning', message: 'that of shop.example.com (3.pem) expires in 3 days, on 2026-12-31' },
  ]);
  expect(of(certificate(0))[0]?.message).toMatch(/in less than a day/);
});

it('is content with the others, but passes on a remark', () => {
  expect(of(certificate(40))).toMatchObject([
    { severity: 'fine', message: '1 certificate, the first to expire in 40 days' },
  ]);
  expect(of(certificate(40, 'its chain is not complete'))[0]).toMatchObject({ severity: 'notice' });
});
