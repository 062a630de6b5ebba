import { explore, itemAt, keyWithoutTokens, mapValues, type Exploration, type Model, type Step } from './explore.js';

/*
 * Readers and writers of orders over one version store that works. What happens when connections break is in members.ts.
 *
 * Two promises are checked. A response shows every write that was acknowledged before its request began. And it shows every
 * write that any response has shown before its request began (monotonic reads: Terry et al., "Session Guarantees for Weakly
 * Consistent Replicated Data", 1994).
 *
 * An inspector compares a stored response with the database. It may report a difference only if a promise is broken, or if a
 * writer was broken on purpose.
 *
 * Time is left out. What happens after a time may happen at any moment at which that time can have passed. Steps are joined
 * where what others do in between makes no promise harder to keep: a snapshot is taken when the request arrives, a reader that
 * finds nothing loads at once, and a write is acknowledged as soon as it may be.
 */

/** What is done instead of what the protocol demands. */
type BrokenRule =
  | 'a writer deletes the stored responses and leaves the tag version as it is'
  | 'a writer does not invalidate'
  | 'a writer patches the stored list in place'
  | 'a writer advances a tag without comparing'
  | 'a creator takes the version of its order after the commit'
  | 'a writer begins its pending write after the commit'
  | 'a refreshed list becomes current alone, whatever other pending writes it shows'
  | 'a change is acknowledged before the change that it builds on'
  | 'a load is stored under the versions at the time of storing'
  | 'a load does not wait for pending writes'
  | 'a reader joins a load whatever its versions are'
  | 'an overdue write is not invalidated'
  | 'an overdue write is not invalidated again when it completes'
  | 'a load makes writes overdue that it did not wait for'
  | 'nobody invalidates at the deadline of a pending write'
  | 'a late transaction counts as announced'
  | 'an inspector looks only once'
  | 'an inspector does not compare the versions again';

/** Orders and their history: absent, then created, then moved on by one status change after the other. */
type Order = (typeof ORDERS)[number];
const ORDERS = ['x', 'y'] as const;
const STATUSES = ['absent', 'NEW', 'STARTED', 'COMPLETED'];

/** Each response depends on one tag, which serves as its key too: the list of new orders, and each order by itself. */
type Tag = 'orders:NEW' | `order:${Order}`;
const LIST: Tag = 'orders:NEW';

/** What a response or the database shows: how many writes to each order. */
type Content = Partial<Record<Order, number>>;

interface Plan {
  /** How many writes to each order were finished before the model begins. */
  readonly orders: Content;
  /** The orders that are written to, and how many writes each shows afterwards. */
  readonly writes: readonly (readonly [Order, number])[];
  readonly reads: readonly Tag[];
  /** The tag of the response that is inspected. */
  readonly inspects?: Tag;
  /** The first writer has committed, and the first reader has loaded that and waits for the writer. */
  readonly isFirstAwaited?: true;
  /** How many writers may die, and how many tag versions Redis may lose. */
  readonly deaths?: number;
  readonly losses?: number;
  /** A transaction may take longer than loads wait for it. */
  readonly slowTransactions?: true;
  /** The database may get the transaction of a writer that died before the commit. */
  readonly lateTransactions?: true;
  /** Only the first promise is checked. */
  readonly onlyAcknowledged?: true;
  /** A reader may join a load that finds no order. */
  readonly sharedErrors?: true;
}

interface PendingWrite {
  readonly writer: number;
  readonly tags: readonly Tag[];
  /** The tag of the created order: nothing is stored under it yet. */
  readonly creates: Tag | null;
  isOverdue: boolean;
}

interface Writer {
  readonly order: Order;
  readonly to: number;
  at:
    | 'begin'
    | 'commit'
    | 'snapshot'
    | 'load'
    | 'complete'
    | 'look back'
    | 'wait'
    | 'done'
    | 'given up'
    | 'late'
    | 'dead';
  /** The version of the tag of the order that it creates, from before the commit. */
  orderVersion: string | null;
  /**
   * For refresh-on-write: the version of the list's tag, from before the transaction or, after a refusal, from before the next load,
   * and the list as loaded after the commit.
   */
  listVersion: string | null;
  list: Content | null;
  /** Whether its advance was refused: the second attempt is the last one here, and the third one in the code. */
  wasRefused: boolean;
  /** Pending writes of others that it waits for. */
  awaited: number[];
}

interface Reader {
  readonly tag: Tag;
  at: 'begin' | 'look' | 'loaded' | 'wait' | 'joined' | 'done';
  /** What was acknowledged, and what was shown to any reader, when its request arrived: it must be shown as much. */
  acknowledged: Content;
  shown: Content;
  snapshot: string | null;
  loaded: Content;
  awaited: number[];
}

interface Inspector {
  at: 'begin' | 'load' | 'look' | 'wait' | 'load again' | 'look again' | 'done';
  /** The version and the content of the stored response that a hit was given. */
  version: string;
  content: Content;
  loaded: Content;
  /** Writers that were under way when it found a difference. */
  awaited: number[];
}

interface State {
  database: Content;
  acknowledged: Content;
  shown: Content;
  /** The version store. */
  versions: Partial<Record<Tag, string>>;
  pending: PendingWrite[];
  /** What is stored in L1 and L2 of any instance. A reader may miss any of it: it can be lost, or be somewhere else. */
  stored: { readonly tag: Tag; readonly version: string; readonly content: Content }[];
  writers: Writer[];
  readers: Reader[];
  inspector: Inspector | null;
  deaths: number;
  losses: number;
  tokens: number;
}

function run(plan: Plan, broken?: BrokenRule): Exploration {
  return explore(initialState(plan), (state) => stepsOf(state, plan, broken), keyOf);
}

/** Readers of one tag are alike. */
function keyOf({ tokens: _, ...state }: State): string {
  const readers = state.readers.map((reader) => [nameOf(reader), reader] as const);
  readers.sort(([a], [b]) => (a < b ? -1 : 1));
  return keyWithoutTokens({ ...state, readers: readers.map(([, reader]) => reader) });

  function nameOf({ tag, at, acknowledged, shown, loaded }: Reader): string {
    return [tag, at, ...[acknowledged, shown, loaded].map(({ x, y }) => `${x}${y}`)].join();
  }
}

function initialState(plan: Plan): State {
  const { orders, writes, reads, inspects, isFirstAwaited = false, deaths = 0, losses = 0 } = plan;
  const state: State = {
    database: { ...orders },
    acknowledged: { ...orders },
    shown: { ...orders },
    versions: {},
    pending: [],
    stored: [],
    writers: writes.map(([order, to]) => ({ order, to, at: 'begin', ...NOTHING_KNOWN })),
    readers: reads.map((tag) => ({ tag, at: 'begin', ...NOTHING_SEEN })),
    inspector: inspects ? { at: 'begin', ...NOTHING_INSPECTED } : null,
    deaths,
    losses,
    tokens: 0,
  };
  // Everything is stored that was asked for before.
  store(state, LIST, contentOf(LIST, orders));
  if (orders.x) store(state, 'order:x', contentOf('order:x', orders));
  const [writer] = state.writers;
  const [reader] = state.readers;
  if (isFirstAwaited && writer && reader) {
    const touched = touchedBy(writer);
    state.pending.push({ writer: 0, ...touched, isOverdue: false });
    state.database[writer.order] = writer.to;
    const orderVersion = touched.creates && versionOf(state, touched.creates);
    Object.assign(writer, { at: 'load', orderVersion, listVersion: versionOf(state, LIST) });
    const loaded = contentOf(reader.tag, state.database);
    Object.assign(reader, { at: 'wait', snapshot: versionOf(state, reader.tag), loaded, awaited: [0] });
  }
  return state;
}

const NOTHING_KNOWN = { orderVersion: null, listVersion: null, list: null, wasRefused: false, awaited: [] };
const NOTHING_INSPECTED = { version: '', content: {}, loaded: {}, awaited: [] };
const NOTHING_SEEN = { acknowledged: {}, shown: {}, snapshot: null, loaded: {}, awaited: [] };

/** The tags that a write touches, and the tag of the order that it creates. */
function touchedBy({ order, to }: Writer): Pick<PendingWrite, 'tags' | 'creates'> {
  if (to === 1) return { tags: [LIST], creates: `order:${order}` };
  return { tags: to === 2 ? [LIST, `order:${order}`] : [`order:${order}`], creates: null };
}

/** What a response with this tag shows of the database. The list shows of an order that it is new, and then that it is not. */
function contentOf(tag: Tag, { x = 0, y = 0 }: Content): Content {
  if (tag === 'order:x') return { x };
  if (tag === 'order:y') return { y };
  return { x: Math.min(x, 2), y: Math.min(y, 2) };
}

function inWords(tag: Tag, content: Content): string {
  if (tag !== LIST)
    return Object.entries(content)
      .map(([order, writes]) => `${order} is ${STATUSES[writes]}`)
      .join();
  const orders = Object.entries(content).filter(([, writes]) => STATUSES[writes] === 'NEW');
  return `the list [${orders.map(([order]) => order).join(', ')}]`;
}

/** All steps that are possible in a state. */
function stepsOf(state: State, plan: Plan, broken: BrokenRule | undefined): Step<State>[] {
  const steps: Step<State>[] = [];
  state.writers.forEach(writerSteps);
  state.readers.forEach(readerSteps);
  if (state.inspector && plan.inspects) inspectorSteps(state.inspector, plan.inspects);
  if (state.losses > 0) lossSteps();
  if (steps.length === 0 && plan.deaths) finalStep();
  return steps;

  function writerSteps(writer: Writer, index: number): void {
    const { order, to, at, listVersion, orderVersion, awaited } = writer;
    const { tags, creates } = touchedBy(writer);
    const actor = `${WRITERS[to]} of ${order}`;
    const orderTag: Tag = `order:${order}`;
    const isRefreshing = tags.includes(LIST) && broken !== 'a writer does not invalidate';
    const mine = state.pending.find(({ writer }) => writer === index);
    const add = stepAdder(actor, (next) => itemAt(next.writers, index));

    switch (at) {
      case 'begin':
        // An order is changed after its last change was committed, which may not be acknowledged yet.
        if ((state.database[order] ?? 0) !== to - 1) break;
        if (broken === 'a writer begins its pending write after the commit') commit();
        else begin();
        break;
      case 'commit':
        if (broken === 'a writer begins its pending write after the commit') begin();
        else commit();
        break;
      case 'snapshot':
        add(`takes the version of ${LIST}`, (me, next) => {
          me.listVersion = versionOf(next, LIST);
          me.at = 'load';
        });
        break;
      case 'load':
        add(`loads ${inWords(LIST, contentOf(LIST, state.database))}`, (me, next) => {
          me.list = contentOf(LIST, next.database);
          if (creates && broken === 'a creator takes the version of its order after the commit') {
            me.orderVersion = versionOf(next, creates);
          }
          me.at = 'complete';
        });
        break;
      case 'complete':
        complete();
        break;
      case 'look back':
        add(`asks for pending writes on ${orderTag}`, (me, next) => {
          me.awaited = pendingOn(next, [orderTag]).map(({ writer }) => writer);
          if (me.awaited.length > 0) me.at = 'wait';
          else acknowledge(me, next);
        });
        break;
      case 'wait':
        waitSteps(add, orderTag, awaited, acknowledge);
        break;
      case 'given up':
        stepAdder('network', (next) => itemAt(next.writers, index))(
          `delivers the transaction of the ${actor}: ${order} is ${STATUSES[to]}`,
          (me, next) => {
            next.database[order] = to;
            me.at = mine || broken === 'a late transaction counts as announced' ? 'dead' : 'late';
          },
        );
        break;
      case 'late':
        stepAdder('database', (next) => itemAt(next.writers, index))(`notifies of ${tags.join(', ')}`, (me, next) => {
          invalidate(next, tags);
          me.at = 'dead';
        });
        break;
      case 'done':
      case 'dead':
    }
    if (state.deaths > 0 && !['begin', 'done', 'given up', 'late', 'dead'].includes(at)) {
      add('dies', (me, next) => {
        const isOnItsWay = plan.lateTransactions && at === 'commit';
        Object.assign(me, NOTHING_KNOWN, { at: isOnItsWay ? 'given up' : 'dead' });
        next.deaths -= 1;
      });
    }
    if (
      ['given up', 'dead'].includes(at) &&
      mine &&
      broken !== 'nobody invalidates at the deadline of a pending write'
    ) {
      stepAdder('sweeper', () => undefined)(`invalidates ${mine.tags.join(', ')} at the deadline`, (_, next) => {
        invalidate(next, mine.tags);
        next.pending = next.pending.filter(({ writer }) => writer !== index);
      });
    }

    function begin(): void {
      add(`begins a pending write on ${tags.join(', ')}`, (me, next) => {
        next.pending.push({ writer: index, tags, creates, isOverdue: false });
        if (creates) me.orderVersion = versionOf(next, creates);
        if (isRefreshing) me.listVersion = versionOf(next, LIST);
        if (at === 'begin') me.at = 'commit';
        else me.at = isRefreshing ? 'load' : 'complete';
      });
    }

    function commit(): void {
      add(`commits: ${order} is ${STATUSES[to]}`, (me, next) => {
        next.database[order] = to;
        if (at === 'begin') me.at = 'commit';
        else me.at = isRefreshing ? 'load' : 'complete';
      });
    }

    /** Advances the tags and removes the pending write in one step. */
    function complete(): void {
      const isCurrent = state.versions[LIST] === listVersion;
      if (isRefreshing && !isCurrent && !itemAt(state.writers, index).wasRefused && comparesVersions()) {
        add(`is refused: ${LIST} was advanced meanwhile`, (me) => {
          Object.assign(me, { at: 'snapshot', listVersion: null, list: null, wasRefused: true });
        });
        return;
      }
      add(`completes${isRefreshing && isCurrent ? ' with the list that it loaded' : ''}`, (me, next) => {
        next.pending = next.pending.filter(({ writer }) => writer !== index);
        const isForgotten = mine?.isOverdue && broken === 'an overdue write is not invalidated again when it completes';
        if (!isForgotten) advance(me, next);
        Object.assign(me, NOTHING_KNOWN);
        if (to > 1 && broken !== 'a change is acknowledged before the change that it builds on') me.at = 'look back';
        else acknowledge(me, next);
      });
    }

    function acknowledge(me: Writer, next: State): void {
      next.acknowledged = latest(next.acknowledged, { [order]: to });
      me.awaited = [];
      me.at = 'done';
    }

    function comparesVersions(): boolean {
      return (
        broken !== 'a writer advances a tag without comparing' && broken !== 'a writer patches the stored list in place'
      );
    }

    function advance(me: Writer, next: State): void {
      if (broken === 'a writer does not invalidate') return;
      if (broken === 'a writer deletes the stored responses and leaves the tag version as it is') {
        next.stored = next.stored.filter(({ tag }) => !tags.includes(tag));
        return;
      }
      const list = broken === 'a writer patches the stored list in place' ? patched(next) : me.list;
      const isListCurrent = next.versions[LIST] === listVersion || !comparesVersions();
      invalidate(next, tags);
      if (list && isListCurrent) store(next, LIST, list);

      if (creates) {
        const isOrderCurrent = next.versions[creates] === orderVersion;
        invalidate(next, [creates]);
        if (isOrderCurrent) store(next, creates, { [order]: to });
      }
      // The list may show pending writes of others: then older responses elsewhere may not stay current.
      if (isRefreshing && broken !== 'a refreshed list becomes current alone, whatever other pending writes it shows') {
        const shown = pendingOn(next, [LIST]).flatMap((other) => other.tags);
        invalidate(
          next,
          shown.filter((tag) => tag !== LIST),
        );
      }
    }

    function patched(next: State): Content | undefined {
      const found = next.stored.find(({ tag, version }) => tag === LIST && version === next.versions[LIST]);
      return found && { ...found.content, [order]: to };
    }
  }

  function readerSteps({ tag, at, snapshot, loaded, awaited }: Reader, index: number): void {
    const add = stepAdder(`reader ${index + 1}`, (next) => itemAt(next.readers, index));

    switch (at) {
      case 'begin':
        add(`asks for ${tag}: takes its version`, (me, next) => {
          me.acknowledged = contentOf(tag, next.acknowledged);
          me.shown = contentOf(tag, next.shown);
          me.snapshot = versionOf(next, tag);
          me.at = 'look';
        });
        break;
      case 'look':
        for (const { tag: other, version, content } of state.stored) {
          if (other !== tag || version !== snapshot) continue;
          add(`finds ${inWords(tag, content)}, stored under that version`, (me, next) => answer(me, next, content));
        }
        add(
          `finds nothing under that version, and loads ${inWords(tag, contentOf(tag, state.database))}`,
          (me, next) => {
            me.loaded = contentOf(tag, next.database);
            me.at = 'loaded';
          },
        );
        if (state.readers.some((other) => isLoadFor(other, tag, snapshot))) {
          add('finds nothing under that version, and joins the load that is under way', (me) => {
            me.at = 'joined';
          });
        }
        break;
      case 'loaded': {
        // An order that is absent is answered with an error, which is not stored.
        if (isAbsent({ tag, loaded })) {
          add('answers', (me, next) => answerAll(me, next));
          break;
        }
        const pending = broken === 'a load does not wait for pending writes' ? [] : pendingOn(state, [tag]);
        if (pending.length === 0) {
          add('finds no pending write, stores and answers', storeAndAnswer);
          break;
        }
        add(`finds pending writes on ${tag}`, (me) => {
          me.awaited = pending.map(({ writer }) => writer);
          me.at = 'wait';
        });
        break;
      }
      case 'wait':
        waitSteps(add, tag, awaited, storeAndAnswer, answerAll);
        break;
      case 'joined':
      case 'done':
    }

    /** Stores under the versions from before the load, unless they were superseded. */
    function storeAndAnswer(me: Reader, next: State): string | undefined {
      const current = versionOf(next, tag);
      const version = broken === 'a load is stored under the versions at the time of storing' ? current : me.snapshot;
      if (version === current) store(next, tag, me.loaded);
      return answerAll(me, next);
    }

    /** Answers this reader and all that have joined its load. */
    function answerAll(me: Reader, next: State): string | undefined {
      const content = me.loaded;
      const joined = next.readers.filter((other) => other.at === 'joined' && isLoadFor(me, other.tag, other.snapshot));
      return [me, ...joined].map((reader) => answer(reader, next, content)).find((what) => what !== undefined);
    }

    function answer(me: Reader, next: State, content: Content): string | undefined {
      const { acknowledged, shown } = me;
      Object.assign(me, NOTHING_SEEN, { at: 'done' });
      if (!plan.onlyAcknowledged) next.shown = latest(next.shown, content);
      if (isOlder(content, acknowledged)) {
        return `${inWords(tag, content)} is shown after ${inWords(tag, acknowledged)} was acknowledged`;
      }
      if (isOlder(content, shown)) return `${inWords(tag, content)} is shown after ${inWords(tag, shown)} was shown`;
      return undefined;
    }
  }

  function inspectorSteps({ at, version, content, loaded, awaited }: Inspector, tag: Tag): void {
    const add = stepAdder('inspector', (next) => {
      if (!next.inspector) throw new Error('there is no inspector');
      return next.inspector;
    });
    const load = (then: 'look' | 'look again'): void => {
      add(`loads ${inWords(tag, contentOf(tag, state.database))}`, (me, next) => {
        me.loaded = contentOf(tag, next.database);
        me.at = then;
      });
    };
    const compare = (differ: (me: Inspector, next: State) => unknown): void => {
      const isCurrent =
        state.versions[tag] === version || broken === 'an inspector does not compare the versions again';
      const differs = isOlder(content, loaded) || isOlder(loaded, content);
      if (!isCurrent || !differs) add('has nothing to report', finish);
      else add('finds a difference', differ);
    };

    switch (at) {
      case 'begin':
        for (const stored of state.stored) {
          if (stored.tag !== tag || stored.version !== state.versions[tag]) continue;
          add(`sees a hit: ${inWords(tag, stored.content)}`, (me) => {
            Object.assign(me, { at: 'load', version: stored.version, content: stored.content });
          });
        }
        break;
      case 'load':
        load('look');
        break;
      case 'look':
        compare((me, next) => {
          if (broken === 'an inspector looks only once') return 'an inspector reports a difference';
          me.awaited = next.writers.flatMap(({ at: step }, i) => (['begin', 'done'].includes(step) ? [] : [i]));
          me.at = 'wait';
          return undefined;
        });
        break;
      case 'wait': {
        // It waits for as long as a write may be pending, so all these writes have ended.
        const hasEnded = (index: number): boolean => {
          const { at: step } = itemAt(state.writers, index);
          return step === 'done' || (step === 'dead' && !state.pending.some(({ writer }) => writer === index));
        };
        if (!awaited.every(hasEnded)) break;
        add('has waited for the writes that were under way', (me) => {
          me.awaited = [];
          me.at = 'load again';
        });
        break;
      }
      case 'load again':
        load('look again');
        break;
      case 'look again':
        compare(() => 'an inspector reports a difference');
        break;
      case 'done':
    }

    function finish(me: Inspector): void {
      Object.assign(me, NOTHING_INSPECTED, { at: 'done' });
    }
  }

  /** Whether a reader is loading what a reader with this snapshot may be given. */
  function isLoadFor(reader: Reader, tag: Tag, snapshot: string | null): boolean {
    if (reader.tag !== tag || !['loaded', 'wait'].includes(reader.at)) return false;
    if (isAbsent(reader) && !plan.sharedErrors) return false;
    return reader.snapshot === snapshot || broken === 'a reader joins a load whatever its versions are';
  }

  /** Waits until all these writes are completed or overdue, or until they have taken too long, and are overdue from then on. */
  function waitSteps<Actor extends { awaited: number[] }>(
    add: (action: string, take: (me: Actor, next: State) => unknown) => void,
    tag: Tag,
    awaited: readonly number[],
    completed: (me: Actor, next: State) => unknown,
    overdue = completed,
  ): void {
    const open = pendingOn(state, [tag]).filter(({ writer }) => awaited.includes(writer));
    if (open.length === 0) {
      add('has waited for the pending writes', completed);
      return;
    }
    const isUnderWay = ({ writer }: PendingWrite): boolean => itemAt(state.writers, writer).at === 'commit';
    if (open.some(isUnderWay) && !plan.slowTransactions) return;
    const isEvery = broken === 'a load makes writes overdue that it did not wait for';
    add('has waited too long: invalidates all that the pending writes touch', (me, next) => {
      for (const write of pendingOn(next, [tag])) {
        if (!isEvery && !awaited.includes(write.writer)) continue;
        write.isOverdue = true;
        if (broken !== 'an overdue write is not invalidated') invalidate(next, write.tags);
      }
      return overdue(me, next);
    });
  }

  function lossSteps(): void {
    for (const tag of Object.keys(state.versions) as Tag[]) {
      stepAdder('Redis', () => undefined)(`loses the version of ${tag}`, (_, next) => {
        next.versions = Object.fromEntries(Object.entries(next.versions).filter(([other]) => other !== tag));
        next.losses -= 1;
      });
    }
  }

  /** After a death, too, nothing may stay current that is older than the database. */
  function finalStep(): void {
    const old = state.stored.find(
      ({ tag, version, content }) =>
        version === state.versions[tag] && isOlder(content, contentOf(tag, state.database)),
    );
    if (!old) return;
    const brokenPromise = `${inWords(old.tag, old.content)} stays current`;
    steps.push({ actor: 'nobody', action: 'does anything more', take: () => brokenPromise });
  }

  function stepAdder<Actor>(actor: string, of: (next: State) => Actor) {
    return (action: string, change: (me: Actor, next: State) => unknown): void => {
      const take = (next: State): string | undefined => {
        const brokenPromise = change(of(next), next);
        forgetUnreachable(next);
        return typeof brokenPromise === 'string' ? brokenPromise : undefined;
      };
      steps.push({ actor, action, take });
    };
  }
}

const WRITERS = ['', 'creator', 'starter', 'completer'];

/** The version of a tag, which gets a new one if it has none. */
function versionOf(next: State, tag: Tag): string {
  return (next.versions[tag] ??= freshVersion(next));
}

function freshVersion(next: State): string {
  return `#${(next.tokens += 1)}`;
}

function invalidate(next: State, tags: readonly Tag[]): void {
  for (const tag of tags) next.versions[tag] = freshVersion(next);
}

/** Stores a response that is current. */
function store(next: State, tag: Tag, content: Content): void {
  const version = versionOf(next, tag);
  const isKnown = next.stored.some(
    (other) => other.version === version && !isOlder(other.content, content) && !isOlder(content, other.content),
  );
  if (!isKnown) next.stored.push({ tag, version, content });
}

function pendingOn({ pending }: State, wanted: readonly Tag[]): PendingWrite[] {
  return pending.filter(
    ({ tags, creates, isOverdue }) => !isOverdue && [...tags, creates].some((tag) => tag && wanted.includes(tag)),
  );
}

function isAbsent({ tag, loaded }: Pick<Reader, 'tag' | 'loaded'>): boolean {
  return tag !== LIST && Object.values(loaded).includes(0);
}

/** Drops stored responses that no reader can be given any more: versions never come back. */
function forgetUnreachable(next: State): void {
  next.stored = next.stored.filter(
    ({ tag, version }) => version === next.versions[tag] || next.readers.some(({ snapshot }) => snapshot === version),
  );
}

function latest(some: Content, others: Content): Content {
  const { x = 0, y = 0 } = others;
  return { x: Math.max(some.x ?? 0, x), y: Math.max(some.y ?? 0, y) };
}

function isOlder(some: Content, than: Content): boolean {
  return ORDERS.some((order) => (some[order] ?? 0) < (than[order] ?? 0));
}

const lists: Plan = {
  orders: {},
  writes: [
    ['x', 1],
    ['x', 2],
  ],
  reads: [LIST, LIST],
};
const orders: Plan = { ...lists, reads: ['order:x', 'order:x'] };
const listAndOrder: Plan = { ...lists, reads: [LIST, 'order:x'] };
const twoOrders: Plan = {
  orders: { x: 1 },
  writes: [
    ['y', 1],
    ['x', 2],
  ],
  reads: [LIST, 'order:x'],
};
const awaited: Plan = { ...twoOrders, reads: [LIST, LIST, 'order:x'], isFirstAwaited: true };
const twoChanges: Plan = {
  orders: { x: 1 },
  writes: [
    ['x', 2],
    ['x', 3],
  ],
  reads: [LIST, 'order:x'],
};
const oneChange: Plan = { orders: { x: 1 }, writes: [['x', 2]], reads: [LIST, 'order:x'] };
const death: Plan = { ...oneChange, deaths: 1 };
const late: Plan = { ...death, lateTransactions: true, onlyAcknowledged: true };
const slow: Plan = {
  ...{ ...oneChange, reads: [LIST, 'order:x', 'order:x'], slowTransactions: true, onlyAcknowledged: true },
};
const slowAndShown: Plan = {
  ...{ ...oneChange, reads: [LIST, LIST, 'order:x', 'order:x'], slowTransactions: true },
};
const inspected: Plan = { ...twoOrders, reads: [LIST], inspects: LIST };
const inspectedChanges: Plan = { ...twoChanges, reads: ['order:x'], inspects: 'order:x' };
const inspectedDeath: Plan = { ...oneChange, reads: ['order:x', 'order:x'], inspects: 'order:x', deaths: 1 };
const inspectedAlone: Plan = { ...oneChange, reads: [], inspects: 'order:x' };
const inspectedSlow: Plan = {
  ...{ ...oneChange, reads: ['order:x', 'order:x'], inspects: 'order:x' },
  ...{ slowTransactions: true, onlyAcknowledged: true },
};
const sharedErrors: Plan = { orders: {}, writes: [['x', 1]], reads: [LIST, 'order:x', 'order:x'], sharedErrors: true };

const SCENARIOS = {
  'an order is created and started, and two readers ask for the list': lists,
  'an order is created and started, and two readers ask for it': orders,
  'an order is created and started, and readers ask for it and for the list': listAndOrder,
  'an order is created while another one is started': twoOrders,
  'an order is started while a reader waits for the creation of another one': awaited,
  'an order is started and completed': twoChanges,
  'an order is started, and its writer may die': death,
  'an order is started, its writer may die, and the transaction may come late (acknowledged writes only)': late,
  'an order is started, and Redis may lose versions': { ...oneChange, losses: 2 },
  'an order is started by a slow transaction (acknowledged writes only)': slow,
  'an order is created while another one is started, and the list is inspected': inspected,
  'an order is started and completed, and is inspected': inspectedChanges,
  'an order is started, its writer may die, and the order is inspected': inspectedDeath,
  'an order is started by a slow transaction, and is inspected (acknowledged writes only)': inspectedSlow,
} satisfies Record<string, Plan>;

const BROKEN_RULES: Record<BrokenRule, Plan> = {
  'a writer deletes the stored responses and leaves the tag version as it is': lists,
  'a writer does not invalidate': oneChange,
  'a writer patches the stored list in place': lists,
  'a writer advances a tag without comparing': twoOrders,
  'a creator takes the version of its order after the commit': orders,
  'a writer begins its pending write after the commit': oneChange,
  'a refreshed list becomes current alone, whatever other pending writes it shows': twoOrders,
  'a change is acknowledged before the change that it builds on': twoChanges,
  'a load is stored under the versions at the time of storing': lists,
  'a load does not wait for pending writes': oneChange,
  'a reader joins a load whatever its versions are': lists,
  'a load makes writes overdue that it did not wait for': awaited,
  'an overdue write is not invalidated': death,
  'an overdue write is not invalidated again when it completes': slow,
  'nobody invalidates at the deadline of a pending write': death,
  'a late transaction counts as announced': late,
  'an inspector looks only once': inspectedChanges,
  'an inspector does not compare the versions again': inspectedChanges,
};

/** Known ways to break the second promise. */
const LIMITS = {
  'a transaction takes longer than loads wait for it': slowAndShown,
  'a reader joins a load that finds no order': sharedErrors,
} satisfies Record<string, Plan>;

export const readsAndWrites: Model = {
  name: 'reads and writes',
  scenarios: mapValues(SCENARIOS, (plan) => () => run(plan)),
  brokenRules: {
    ...mapValues(BROKEN_RULES, (plan, rule) => () => run(plan, rule)),
    'a writer does not invalidate, and only an inspector looks': () =>
      run(inspectedAlone, 'a writer does not invalidate'),
  },
  limits: mapValues(LIMITS, (plan) => () => run(plan)),
};
