// Runs before the scripts of the build. It is no part of the bundle, and has the same name in every build.

// Goes where the page is at home if somebody has opened it past the proxy, without the base path.
if (!`${location.pathname}/`.startsWith(new URL(document.baseURI).pathname)) location.replace(document.baseURI);

// Chooses the language, and loads its texts together with the scripts. Otherwise they would load only after the scripts.
(() => {
  const LANGUAGES = ['en', 'ru'];
  let language;
  try {
    language = localStorage.getItem('mes.language');
  } catch {
    // The browser refuses its storage.
  }
  if (!LANGUAGES.includes(language)) {
    const preferred = [...(navigator.languages ?? []), navigator.language];
    language = preferred.some((locale) => locale?.startsWith('ru')) ? 'ru' : 'en';
  }
  document.documentElement.lang = language;
  // The build adds the names of the files.
  const file = document.currentScript.dataset[language];
  if (file) document.head.append(Object.assign(document.createElement('link'), { rel: 'modulepreload', href: file }));
})();

// Keeps the page from staying blank if its scripts, styles or texts cannot be loaded or run, for example while a new build is deployed.
// It reloads the page once, and then shows the message of index.html.
(() => {
  /** The pause before the reload, in which a deployment may end. In milliseconds. */
  const PAUSE = 1_000;

  /** A page that takes longer to start has failed, in milliseconds. */
  const TIME_LIMIT = 15_000;

  const [navigation] = performance.getEntriesByType('navigation');
  const message = () => document.getElementById('start-failure');

  const showMessage = () => {
    // The page has replaced it if it did start.
    if (!message()) return;
    // An empty address would be the base path.
    for (const link of message().querySelectorAll('a')) link.href = location.href;
    message().hidden = false;
  };

  const onFailure = ({ target }) => {
    const isStarting = document.readyState === 'loading' || message() !== null;
    const isOtherFile = target instanceof HTMLLinkElement && target.rel !== 'stylesheet';
    if (!isStarting || isOtherFile) return;
    removeEventListener('error', onFailure, { capture: true });
    removeEventListener('unhandledrejection', onFailure);
    setTimeout(() => {
      if (target instanceof HTMLLinkElement || message()) {
        if (navigation?.type === 'reload') showMessage();
        else location.reload();
      }
    }, PAUSE);
  };

  // Errors of elements do not bubble, so they are caught on their way down.
  addEventListener('error', onFailure, { capture: true });
  addEventListener('unhandledrejection', onFailure);
  setTimeout(showMessage, TIME_LIMIT);
})();
