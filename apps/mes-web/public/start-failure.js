// Keeps the page from staying blank if its scripts or styles cannot be loaded or run, for example while a new build is deployed. It
// reloads the page once, and then shows the message of index.html. It is no part of the bundle, and has the same name in every build.
(() => {
  /** The pause before the reload, in which a deployment may end. In milliseconds. */
  const PAUSE = 1_000;

  /** A page that takes longer to start has failed, in milliseconds. */
  const TIME_LIMIT = 15_000;

  const [navigation] = performance.getEntriesByType('navigation');
  const message = () => document.getElementById('start-failure');

  const showMessage = () => {
    // The page has replaced it if it did start.
    if (message()) message().hidden = false;
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
