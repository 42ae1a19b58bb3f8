import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig } from 'vitepress';
import { llmsText, pages, sidebar, textOf } from './pages.ts';
import { STAGED, stage } from './stage.ts';

stage();

export default defineConfig({
  title: 'tsunicorn',
  description: 'A pre-fork application server and process manager for Node.js',
  srcDir: STAGED,
  outDir: './.vitepress/dist',
  cacheDir: './.vitepress/cache',
  // stage() has looked for what it copied below /repository.
  ignoreDeadLinks: [/^\/repository\/(?!(README|CHANGELOG|CONTRIBUTING|SECURITY)$)/],
  // Braces in text are text.
  vue: { template: { compilerOptions: { delimiters: ['\u0001', '\u0002'] } } },
  themeConfig: {
    search: { provider: 'local' },
    sidebar: sidebar(),
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'Settings', link: '/settings' },
      { text: 'Runbook', link: '/runbook' },
      { text: 'Errors', link: '/errors' },
      { text: 'Changelog', link: '/repository/CHANGELOG' },
    ],
    outline: [2, 3],
  },
  buildEnd({ outDir }) {
    writeFileSync(join(outDir, 'llms.txt'), llmsText());
    // The pages as they were written, to which llms.txt links.
    for (const page of pages()) {
      mkdirSync(dirname(join(outDir, page)), { recursive: true });
      writeFileSync(join(outDir, page), textOf(page));
    }
  },
});
