export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const REMEMBERED = 'mes.theme';

export function rememberedTheme(): Theme {
  const remembered = localStorage.getItem(REMEMBERED);
  return THEMES.find((theme) => theme === remembered) ?? 'system';
}

export function chooseTheme(theme: Theme): void {
  localStorage.setItem(REMEMBERED, theme);
  applyTheme(theme);
}

/** The style sheet has all colours twice, and takes those of the colour scheme. */
export function applyTheme(theme: Theme): void {
  document.documentElement.style.colorScheme = theme === 'system' ? 'light dark' : theme;
}
