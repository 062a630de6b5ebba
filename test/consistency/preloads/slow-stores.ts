import { setTimeout as delay } from 'node:timers/promises';
import { EntryStore } from '../../../libs/cache/src/entries/entry-store.js';
import { replaceMethods } from './replace-methods.js';

/** The longest time that an answer lies between its load and its store, in milliseconds. */
const LONGEST = 20;

// To be loaded before the API: between loading an answer and storing it, there is time enough to be overtaken by a writer.
replaceMethods(EntryStore, {
  save: (save) =>
    async function (this: EntryStore, ...given) {
      await delay(Math.random() * LONGEST);
      return save.apply(this, given);
    },
});
