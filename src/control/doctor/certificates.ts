import { basename } from 'node:path';
import { counted } from '../../support/text.ts';
import { type Check, type Finding, fine } from './finding.ts';

/** As the alert TsunicornCertificateEnds has it. */
const SOON_DAYS = 7;
const CURE =
  'look at the log of what renews it (certbot, Caddy, lego, cert-manager); a newer file is used as soon as it changes';

/** Whether a certificate that is served has expired, or soon will. */
export const certificates: Check = ({ status }) => {
  const rows = status.certificates;
  const [first] = rows.toSorted((one, other) => one.daysLeft - other.daysLeft);
  if (first === undefined) return [];
  const found = rows.flatMap((row): Finding[] => {
    const name = `that of ${row.names[0] ?? 'nobody'} (${basename(row.file)})`;
    const end = row.validUntil.slice(0, 10);
    if (row.daysLeft < 0)
      return [
        {
          ...{ check: 'certificate', severity: 'critical', cure: CURE },
          message: `${name} expired on ${end}: clients refuse it`,
        },
      ];
    if (row.daysLeft < SOON_DAYS)
      return [
        {
          ...{ check: 'certificate', severity: 'warning', cure: CURE },
          message: `${name} expires in ${row.daysLeft === 0 ? 'less than a day' : counted(row.daysLeft, 'day')}, on ${end}`,
        },
      ];
    if (row.remark === null) return [];
    return [{ check: 'certificate', severity: 'notice', message: `${name}: ${row.remark}`, cure: null }];
  });
  if (found.length > 0) return found;
  return fine(
    'certificate',
    `${counted(rows.length, 'certificate')}, the first to expire in ${first.daysLeft} days`,
  );
};
