import { setTimeout as delay } from 'node:timers/promises';
import { EntryStore } from '../../../libs/cache/src/entries/entry-store.js';
import { replaceMethods } from './replace-methods.js';

/** The longest delay between the load of a response and its store, in milliseconds. */
const LONGEST = 20;

// A preload for the API. It gives writers time to overtake a reader between its load and its store.
replaceMethods(EntryStore, {
  save: (save) =>
    async function (this: EntryStore, ...given) {
      await delay(Math.random() * LONGEST);
      return save.apply(this, given);
    },
});
