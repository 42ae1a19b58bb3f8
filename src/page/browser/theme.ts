import { byId } from './dom.ts';

const THEMES = ['system', 'light', 'dark'] as const;
const KEY = 'tsunicorn-theme';

/** The button that changes between the colours of the system, light and dark; calls `changed` after each change. */
export function followTheme(changed: () => void): void {
  const button = byId('theme');
  let theme = THEMES.find((one) => one === remembered()) ?? 'system';
  const show = () => {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
    changed();
  };
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
    remember(theme);
    show();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  show();
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    // Storage is blocked.
    return null;
  }
}

function remember(theme: string): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The same.
  }
}
