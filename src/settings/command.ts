// The application may be given as a command in place of a module: `npm start`, `node --import tsx server.ts`.

const RUNNERS: ReadonlySet<string> = new Set(['node', 'npm', 'npx', 'pnpm', 'yarn']);

/** Whether a command line that begins with this word may run a script with Node. */
export function isRunner(word: string): boolean {
  return RUNNERS.has(word);
}

/** Whether the application setting is such a command, of two words at least. */
export function isCommand(app: string): boolean {
  const [first = '', second] = app.trim().split(/\s+/, 2);
  return second !== undefined && isRunner(first);
}
