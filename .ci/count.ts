import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

// Adds up the JSON reports of vitest named on the command line, and says at the end what failed in which: the smoke test, the
// site and the matrix of compatibility are such reports too, without tests by name.

type Report = {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults?: { name: string; status: string; message: string; assertionResults: Assertion[] }[];
};

type Assertion = { status: string; fullName: string; failureMessages: string[] };

const firstLines = (text = '') => text.split('\n').slice(0, 6).join('\n    ');

function failures({ testResults = [] }: Report): string[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const ofTests = assertionResults.filter((test) => test.status === 'failed');
    if (ofTests.length === 0) return status === 'failed' ? [`${name}: ${firstLines(message)}`] : [];
    return ofTests.map((test) => `${name}: ${test.fullName}\n    ${firstLines(test.failureMessages[0])}`);
  });
}

let passed = 0;
let failed = 0;
let skipped = 0;
for (const file of process.argv.slice(2)) {
  const report: Report = JSON.parse(readFileSync(file, 'utf8'));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  if (report.numFailedTests === 0 && !report.success) failed++;
  if (report.numFailedTests === 0 && report.success) continue;
  const named = failures(report);
  console.log(`failed in ${basename(file, '.json')}:${named.length === 0 ? ' see its step above' : ''}`);
  for (const one of named) console.log(`  ${one}`);
}
console.log(`tests: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
