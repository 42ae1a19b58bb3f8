#!/usr/bin/env node
// npm create tsunicorn [folder]: plain JavaScript that an old Node runs too, and no dependencies.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { filesOf, packageOf } from './files.js';
import { look } from './project.js';

/** Writes the project, installs it and says what to do next. Throws an Error of one line. */
function create(words) {
  const project = look(words, process.env, process.versions.node);
  const { directory, existing, manager } = project;
  // For tests, which install a tarball.
  const spec = process.env.CREATE_TSUNICORN_SPEC ?? 'latest';
  mkdirSync(directory, { recursive: true });
  const wrote = Object.entries(filesOf(project)).flatMap(([name, text]) => write(directory, name, text));
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(packageOf(project, spec), null, 2)}\n`);
  console.log(`${existing === null ? 'Wrote' : 'Changed'} package.json; wrote ${wrote.join(', ')}`);
  if (words.includes('--no-install')) return next(project, `${manager} install && `);
  run(directory, manager, ['install']);
  if (existing === null) run(directory, join(directory, 'node_modules/.bin/tsunicorn'), ['init', 'docker']);
  next(project, '');
}

function write(directory, name, text) {
  const path = join(directory, name);
  if (existsSync(path)) return [];
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return [name];
}

function run(cwd, command, args) {
  const env = { ...process.env, PATH: `${join(cwd, 'node_modules/.bin')}:${process.env.PATH}` };
  const { status, error } = spawnSync(command, args, { cwd, env, stdio: 'inherit' });
  if (error !== undefined) throw new Error(`${command} ${args.join(' ')}: ${error.message}`);
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} has failed; the project is there: run it again`);
}

function next({ directory, manager, program }, first) {
  const to = relative('.', directory);
  const test = program === null ? `, ${manager} test` : '';
  console.log(`Next: ${to === '' ? '' : `cd ${to} && `}${first}${manager} start`);
  console.log(
    `Then: ${manager} run dev${test}, ${manager} run check, npx tsunicorn init systemd, npx tsunicorn init nginx`,
  );
}

try {
  create(process.argv.slice(2));
} catch (error) {
  console.error(`create-tsunicorn: ${error.message}`);
  process.exitCode = 1;
}
