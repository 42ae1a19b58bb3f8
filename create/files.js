/** The files of a new project by their names; with a program of its own there is no other. */
export function filesOf({ program, existing }) {
  const own = program === null ? { 'server.ts': SERVER, 'test/server.test.ts': TEST } : {};
  const config = configOf(program ?? 'server.ts');
  return existing === null
    ? {
        ...own,
        'tsunicorn.config.ts': config,
        'tsconfig.json': TSCONFIG,
        '.gitignore': 'node_modules\n',
        '.dockerignore': DOCKERIGNORE,
      }
    : { ...own, 'tsunicorn.config.ts': config };
}

/** The package.json, with what is there already kept as it is. */
export function packageOf({ existing, name, needsNode, program }, spec) {
  const base = existing ?? { name, version: '0.0.0', private: true, type: 'module' };
  const scripts = {
    start: 'tsunicorn',
    dev: 'tsunicorn --reload --debug',
    check: 'tsunicorn --check-config',
    reload: 'tsunicorn --check-config && tsunicornctl reload --wait',
    ...(program === null ? { test: 'node --test' } : {}),
  };
  return {
    ...base,
    scripts: { ...scripts, ...base.scripts },
    dependencies: {
      ...base.dependencies,
      tsunicorn: base.dependencies?.tsunicorn ?? spec,
      ...(needsNode ? { node: '^26.10.0' } : {}),
    },
    // npm asks before it lets a package run a script at install; this one puts Node into the project.
    ...(needsNode ? { allowScripts: { ...base.allowScripts, node: true } } : {}),
  };
}

const SERVER = `import type { IncomingMessage, ServerResponse } from 'node:http';

/** The application. The address, the processes and the signals are tsunicorn's business. */
export default (request: IncomingMessage, response: ServerResponse): void => {
  if (request.url === '/healthz') {
    response.end('ok\\n');
    return;
  }
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(\`Hello from process \${process.pid}\\n\`);
};
`;

const TEST = `import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { createService } from 'tsunicorn';

test('the service answers, in processes of its own as in production', async () => {
  await using service = createService({ app: 'server.ts', bind: '127.0.0.1:0', errorLogfile: '/dev/null' });
  await service.ready;
  const answer = await fetch(service.urls[0] ?? '');
  equal(answer.status, 200);
  match(await answer.text(), /^Hello from process \\d+\\n$/);
});
`;

function configOf(app) {
  return `import { defineConfig } from 'tsunicorn';

// Every setting: node_modules/tsunicorn/docs/settings.md. PORT and WEB_CONCURRENCY of the environment are read too.
export default defineConfig({
  app: '${app}',
  accessLogfile: '-',
});
`;
}

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2024",
    "module": "nodenext",
    "strict": true,
    "noEmit": true,
    "erasableSyntaxOnly": true,
    "allowImportingTsExtensions": true,
    "rewriteRelativeImportExtensions": true
  }
}
`;

const DOCKERIGNORE = `node_modules
.git
test
`;
