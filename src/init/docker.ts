import type { Facts } from './facts.ts';

/** A Dockerfile for the service. */
export function dockerfile(facts: Facts): string {
  const { name, port, stop, words, hasLockfile } = facts;
  const install = hasLockfile ? 'npm ci --omit=dev' : 'npm install --omit=dev';
  const files = hasLockfile ? 'package.json package-lock.json' : 'package.json';
  return `# docker build -t ${name} . && docker run --rm -p ${port}:${port} --stop-timeout ${stop.seconds} ${name}
#
# docker stop kills after 10 s. The service may take ${stop.text} s:
# docker run --stop-timeout ${stop.seconds}, stop_grace_period: ${stop.seconds}s in Compose.
# Keep node_modules and .git out of the image: list them in .dockerignore.
FROM node:26-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --chown=node:node ${files} ./
RUN ${install}
COPY --chown=node:node . .
USER node
EXPOSE ${port}
STOPSIGNAL SIGTERM
# Healthy is any answer but a server error.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["node", "-e", "require('node:http').get({ host: '127.0.0.1', port: ${port}, timeout: 2000 }, (res) => process.exit(res.statusCode < 500 ? 0 : 1)).on('timeout', () => process.exit(1)).on('error', () => process.exit(1))"]
# Not npx or npm start: tsunicorn itself has to be process 1, which gets the TERM.
CMD ${JSON.stringify(['node_modules/.bin/tsunicorn', ...containerWords(words, port)])}
`;
}

/** The words with an address that can be reached from outside of the container. */
export function containerWords(words: readonly string[], port: number): readonly string[] {
  const dashes = words.indexOf('--');
  const [own, behind] = dashes < 0 ? [words, []] : [words.slice(0, dashes), words.slice(dashes)];
  return [...own, '--bind', `0.0.0.0:${port}`, ...behind];
}
