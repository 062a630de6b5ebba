import type en from './en.json';

declare module 'i18next' {
  /** A text that there is not is an error of the compiler, and not a name on the screen. */
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}
