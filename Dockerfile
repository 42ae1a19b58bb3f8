# tsunicorn as an image to build on. It serves an example by itself:
#
#   docker build -t tsunicorn . && docker run --rm -p 8000:8000 tsunicorn
#
# To serve an application, add its files and name it in CMD; options follow the name:
#
#   FROM tsunicorn
#   COPY --chown=node:node package.json package-lock.json ./
#   RUN npm ci --omit=dev
#   COPY --chown=node:node . .
#   CMD ["server.ts:app", "--timeout", "60"]
#
# PORT and WEB_CONCURRENCY are read at the start. `docker stop` kills after 10 s: allow more than --graceful-timeout
# (`docker stop -t 35`, stop_grace_period, terminationGracePeriodSeconds). If the application starts processes that
# outlive it, run with --init: docs/containers.md.

FROM node:26-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# No scripts: the devDependency `node` would download a second Node, and `prepare` would build before the sources are there.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

FROM node:26-slim AS dependencies
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:26-slim
ENV NODE_ENV=production PORT=8000
# So that `import { defineConfig } from 'tsunicorn'` finds the package from any directory.
RUN mkdir -p /node_modules /app && ln -s /opt/tsunicorn /node_modules/tsunicorn && chown node:node /app
WORKDIR /opt/tsunicorn
COPY --from=dependencies /build/node_modules ./node_modules
COPY package.json ./
COPY --from=build /build/dist ./dist
COPY examples/hello.ts ./examples/hello.ts
WORKDIR /app
USER node
STOPSIGNAL SIGTERM
# Healthy is any answer but a server error: an application need not have a page at /. fetch() would load undici.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["node", "-e", "require('node:http').get({ host: '127.0.0.1', port: process.env.PORT || 8000, timeout: 2000 }, (res) => process.exit(res.statusCode < 500 ? 0 : 1)).on('timeout', () => process.exit(1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "--", "/opt/tsunicorn/dist/bin/tsunicorn.js"]
CMD ["/opt/tsunicorn/examples/hello.ts:app"]
