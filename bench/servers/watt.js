// What Watt asks of an application: a function that makes its server. SERVED names the module.
const { app, server } = await import(process.env.SERVED);

export function create() {
  const { createServer } = process.getBuiltinModule('node:http');
  return server ?? createServer({ keepAliveTimeout: 75_000 }, app);
}
