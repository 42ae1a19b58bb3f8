import { type Ask, type Fixture, fixture } from './fixture.ts';

const query = (text: string, headers: Readonly<Record<string, string>> = {}): Ask => ({
  path: '/graphql',
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ query: text }),
});

const apollo = {
  packages: ['@apollo/server'],
  hello: { ...query('{ hello }'), path: '/' },
  stream: (until: string) => ({ ...query(`{ slow(until: ${JSON.stringify(until)}) }`), path: '/' }),
  streams: false,
};

const trpcInput = (until: string) => encodeURIComponent(JSON.stringify({ 0: { until } }));

/** The packages that CI runs. */
const INSTALLED: readonly Fixture[] = [
  fixture({
    name: 'Express 4',
    group: 'previous',
    packages: ['express'],
    exported: 'app.cjs',
    program: 'server.cjs',
  }),
  fixture({ name: 'Express 5', group: 'current', packages: ['express'] }),
  fixture({
    name: 'Express generator',
    group: 'previous',
    packages: ['express-generator'],
    exported: 'site/app.js',
    program: 'site/bin/www',
  }),
  fixture({ name: 'Koa', group: 'current', packages: ['koa'] }),
  fixture({ name: 'Fastify', group: 'current', packages: ['fastify'], sockets: '/socket' }),
  fixture({ name: 'hapi', group: 'current', packages: ['@hapi/hapi'] }),
  fixture({ name: 'Hono', group: 'current', packages: ['hono'] }),
  fixture({ name: 'h3 1', group: 'previous', packages: ['h3'] }),
  fixture({ name: 'h3 2', group: 'current', packages: ['h3'] }),
  fixture({ name: 'Polka', group: 'current', packages: ['polka'] }),
  fixture({
    name: 'Connect',
    group: 'current',
    packages: ['connect'],
    exported: 'app.cjs',
    program: 'server.cjs',
  }),
  fixture({
    name: 'Restify',
    group: 'current',
    packages: ['restify'],
    exported: 'app.cjs',
    program: 'server.cjs',
  }),
  fixture({ name: 'itty-router', group: 'current', packages: ['itty-router'] }),
  fixture({ name: 'Elysia', group: 'current', packages: ['elysia'] }),
  fixture({ name: 'Apollo standalone', group: 'current', ...apollo, exported: null }),
  fixture({ name: 'Apollo Express', group: 'current', ...apollo }),
  fixture({
    name: 'GraphQL Yoga',
    group: 'current',
    packages: ['graphql-yoga'],
    hello: query('{ hello }'),
    stream: (until) =>
      query(`{ parts(until: ${JSON.stringify(until)}) @stream }`, { accept: 'multipart/mixed' }),
  }),
  fixture({
    name: 'tRPC',
    group: 'current',
    packages: ['@trpc/server'],
    hello: { path: '/hello' },
    stream: (until) => ({
      path: `/parts?batch=1&input=${trpcInput(until)}`,
      headers: { 'trpc-accept': 'application/jsonl' },
    }),
    sockets: '/',
  }),
  fixture({
    name: 'Socket.IO',
    group: 'current',
    packages: ['socket.io'],
    sockets: '/socket.io/?EIO=4&transport=websocket',
  }),
  fixture({ name: 'ws', group: 'current', packages: ['ws'], sockets: '/' }),
  fixture({ name: 'Moleculer Web', group: 'current', packages: ['moleculer-web'] }),
  fixture({ name: 'node:http', group: 'current', folder: 'node-http', packages: [] }),
  fixture({ name: 'node:https', group: 'current', folder: 'node-https', packages: [], protocol: 'https' }),
  fixture({ name: 'node:http2', group: 'current', folder: 'node-http2', packages: [], protocol: 'h2' }),
  fixture({ name: 'node:http2, h2c', group: 'current', folder: 'node-h2c', packages: [], protocol: 'h2c' }),
  fixture({
    name: 'tsx with decorators',
    group: 'current',
    packages: ['tsx'],
    exported: 'app.ts',
    program: 'server.ts',
    env: { NODE_OPTIONS: '--import tsx' },
  }),
  fixture({ name: 'close-with-grace', group: 'current', packages: ['close-with-grace'], exported: null }),
];

/** The packages that are run with --all: they take long to install or to build. */
const ON_DEMAND: readonly Fixture[] = [
  fixture({
    name: 'NestJS on Express',
    group: 'nest',
    folder: '.',
    packages: ['@nestjs/core'],
    sockets: '/socket.io/?EIO=4&transport=websocket',
    exported: 'dist/express.js',
    program: 'dist/express-main.js',
  }),
  fixture({
    name: 'NestJS on Fastify',
    group: 'nest',
    folder: '.',
    packages: ['@nestjs/core'],
    sockets: '/socket.io/?EIO=4&transport=websocket',
    exported: 'dist/fastify.js',
    program: 'dist/fastify-main.js',
  }),
  fixture({
    name: 'Next.js standalone',
    group: 'next',
    folder: 'next-standalone',
    packages: ['next'],
    exported: null,
    program: '.next/standalone/next-standalone/server.js',
  }),
  fixture({
    name: 'Next.js',
    group: 'next',
    folder: 'next',
    packages: ['next'],
    program: '../node_modules/.bin/next',
    args: ['start'],
  }),
  fixture({
    name: 'Feathers',
    group: 'classic',
    packages: ['@feathersjs/feathers'],
    hello: { path: '/greetings' },
    sockets: '/socket.io/?EIO=4&transport=websocket',
  }),
  fixture({
    name: 'LoopBack 4',
    group: 'classic',
    folder: 'loopback',
    packages: ['@loopback/rest'],
    exported: 'app.cjs',
    program: 'server.cjs',
  }),
  fixture({
    name: 'Sails',
    group: 'classic',
    packages: ['sails'],
    exported: null,
    program: 'server.cjs',
  }),
  fixture({
    name: 'Nuxt',
    group: 'nuxt',
    folder: 'site',
    packages: ['nuxt'],
    exported: 'listener.mjs',
    program: '.output/server/index.mjs',
  }),
  fixture({
    name: 'Nitro 2',
    group: 'nitro-2',
    folder: 'site',
    packages: ['nitropack'],
    sockets: '/socket',
    program: '.output/server/index.mjs',
  }),
  fixture({
    name: 'Nitro 3',
    group: 'nitro',
    folder: 'nitro',
    packages: ['nitro'],
    program: '.output/server/index.mjs',
  }),
  fixture({
    name: 'SvelteKit',
    group: 'sveltekit',
    folder: 'site',
    packages: ['@sveltejs/kit'],
    exported: 'app.mjs',
    program: 'build/index.js',
  }),
  fixture({
    name: 'Astro standalone',
    group: 'astro',
    folder: 'astro',
    packages: ['astro'],
    exported: null,
    program: 'standalone/server/entry.mjs',
  }),
  fixture({
    name: 'Astro middleware',
    group: 'astro',
    folder: 'astro',
    packages: ['astro'],
  }),
  fixture({
    name: 'React Router serve',
    group: 'react-router',
    folder: 'site',
    packages: ['@react-router/serve'],
    program: '../node_modules/.bin/react-router-serve',
    args: ['./build/server/index.js'],
  }),
  fixture({
    name: 'AdonisJS 6',
    group: 'adonis',
    folder: 'site',
    packages: ['@adonisjs/core'],
    program: 'bin/server.js',
  }),
];

/** All packages, in the order of the page. */
export const FIXTURES: readonly Fixture[] = [
  ...INSTALLED,
  ...ON_DEMAND.map((one) => ({ ...one, onDemand: true })),
];
