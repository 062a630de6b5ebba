import { deviceStorage } from '../storage';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const STORAGE_KEY = 'mes.theme';

export function rememberedTheme(): Theme {
  const remembered = deviceStorage.get(STORAGE_KEY);
  return THEMES.find((theme) => theme === remembered) ?? 'system';
}

export function chooseTheme(theme: Theme): void {
  deviceStorage.set(STORAGE_KEY, theme);
  applyTheme(theme);
}

/** Sets the colour scheme of the document. The style sheet picks the colours with `light-dark()`. */
export function applyTheme(theme: Theme): void {
  document.documentElement.style.colorScheme = theme === 'system' ? 'light dark' : theme;
}
