/**
 * Where the API serves this page, such as `/mes`; empty at the root of its host. The API writes it into the document, so that one
 * build of the page serves at any path. Outside of a browser, there is no document.
 */
export const BASE_PATH = 'document' in globalThis ? new URL(document.baseURI).pathname.replace(/\/$/, '') : '';
