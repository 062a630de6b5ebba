import type { Step } from './explore.js';

/*
 * Model of several instances on one PostgreSQL and one or more Redis: what happens when connections break. One tag, one key.
 * A value in the database is the number of writes that it shows, so a read is stale if it shows fewer than were acknowledged
 * before it began. Time is left out: a lease lapses at any moment, and what waits for a time waits for the state that this
 * time makes sure of.
 */

/** Known ways to break the protocol. Each must be found. */
export type Fault =
  | 'the fence is not asked'
  | 'a relayed write is acknowledged at once'
  | 'a lapsed member answers from the cache'
  | 'a lapsed member takes everybody for present'
  | 'an unconfirmed invalidation is forgotten'
  | 'a store is claimed while a member uses another'
  | 'the epoch is bound to the store and not to the claim'
  | 'a lease is renewed before notifications are heard'
  | 'a member that has not listened goes on'
  | 'an echo from another store counts';

interface Store {
  epoch: string;
  /** The claim that the epoch was made for. */
  term: number;
  version: string;
  entry: { epoch: string; version: string; value: number } | null;
  /** Members whose keys are in this store. */
  present: number[];
}

interface Member {
  /** The store that it is connected to. */
  store: number | null;
  /** Of its connection to the store: `claimed` by this member in PostgreSQL, and then `trusted`. */
  trust: 'no' | 'claimed' | 'trusted';
  /** The claim that it knows of. */
  term: number;
  isListening: boolean;
  hasLease: boolean;
  /** It has no lease, and has found that all members are present in its store. */
  seesAll: boolean;
  /** Invalidations that it could not carry out, and has to before it trusts a store. */
  owes: 'nothing' | 'the tag' | 'everything';
  /** Notifications that it has not heard yet: the writers that wait for an echo. */
  inbox: number[];
  /** It listens, and does not know what it missed. */
  isBehind: boolean;
}

interface Writer {
  at: number;
  pc: 'begin' | 'commit' | 'invalidate' | 'relay' | 'wait' | 'done';
  announcedTo: number | null;
  isFenced: boolean;
  value: number;
  /** The authority when the others were told, and who has echoed, from which store. */
  authority: number;
  echoes: { from: number; store: number | null }[];
}

interface Reader {
  at: number;
  pc: 'begin' | 'look' | 'store' | 'done';
  acknowledged: number;
  observed: { store: number; epoch: string; version: string } | null;
  value: number;
}

export interface State {
  committed: number;
  acknowledged: number;
  /** The store whose users need no notification; stands in PostgreSQL. */
  authority: { store: number; term: number };
  /** What each member says in PostgreSQL that it uses. */
  uses: (number | null)[];
  stores: Store[];
  members: Member[];
  writers: Writer[];
  readers: Reader[];
  tokens: number;
  /** How many more faults may happen. */
  budget: number;
}

export interface Plan {
  readonly members: number;
  readonly stores: number;
  /** At which members there are writers and readers. */
  readonly writers: readonly number[];
  readonly readers: readonly number[];
  /** Members that have no connection to a store at first. */
  readonly cutOff?: readonly number[];
  readonly budget: number;
  /** What breaks, and at which member. */
  readonly faults: readonly (readonly ['redis' | 'postgres' | 'lease', number])[];
}

export function initialState(plan: Plan): State {
  const isCutOff = (i: number): boolean => plan.cutOff?.includes(i) === true;
  const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
  return {
    committed: 0,
    acknowledged: 0,
    authority: { store: 0, term: 1 },
    uses: range(plan.members).map((i) => (isCutOff(i) ? null : 0)),
    stores: range(plan.stores).map((store) => ({
      epoch: `#e${store}`,
      term: store === 0 ? 1 : 0,
      version: `#v${store}`,
      // A store that was used before, and knows a value from then.
      entry: { epoch: `#e${store}`, version: `#v${store}`, value: 0 },
      present: store === 0 ? range(plan.members).filter((i) => !isCutOff(i)) : [],
    })),
    members: range(plan.members).map((i) => ({
      store: isCutOff(i) ? null : 0,
      trust: isCutOff(i) ? 'no' : 'trusted',
      term: isCutOff(i) ? -1 : 1,
      isListening: true,
      hasLease: true,
      seesAll: false,
      owes: 'nothing',
      inbox: [],
      isBehind: false,
    })),
    writers: plan.writers.map((at) => ({
      at,
      pc: 'begin',
      announcedTo: null,
      isFenced: false,
      value: 0,
      authority: 0,
      echoes: [],
    })),
    readers: plan.readers.map((at) => ({ at, pc: 'begin', acknowledged: 0, observed: null, value: 0 })),
    tokens: 0,
    budget: plan.budget,
  };
}

/** All that can happen next. */
export function stepsOf(state: State, plan: Plan, fault?: Fault): Step<State>[] {
  const steps: Step<State>[] = [];
  const add = (name: string, take: (next: State) => unknown): void => {
    steps.push({
      name,
      take: (next) => {
        const violation = take(next);
        return typeof violation === 'string' ? violation : undefined;
      },
    });
  };
  const fresh = (next: State): string => `#${(next.tokens += 1)}`;

  state.members.forEach((member, i) => {
    memberSteps(member, i);
    if (state.budget > 0) faultSteps(member, i);
  });
  state.writers.forEach(writerSteps);
  state.readers.forEach(readerSteps);
  return steps;

  function storeOf(next: State, index: number): Store {
    return next.stores[index]!;
  }

  function memberOf(next: State, index: number): Member {
    return next.members[index]!;
  }

  function distrust(member: Member, owes: Member['owes']): void {
    member.trust = 'no';
    member.seesAll = false;
    if (owes === 'everything' || member.owes === 'nothing') member.owes = owes;
  }

  /** What is stored may be shown: by a lease, or because nobody can write without this store. */
  function mayAnswer(member: Member): boolean {
    if (member.trust !== 'trusted' || member.store === null) return false;
    if (fault === 'a lapsed member answers from the cache') return true;
    return member.hasLease || member.seesAll;
  }

  function memberSteps(member: Member, i: number): void {
    const { store } = member;
    if (store !== null && member.trust === 'no') {
      if (state.uses[i] === store && (state.stores[store]?.term ?? 0) <= member.term) {
        add(`${i} is back at store ${store}`, (next) => {
          memberOf(next, i).trust = 'claimed';
        });
      }
      if (canClaim(store, i)) {
        add(`${i} claims store ${store}`, (next) => {
          const me = memberOf(next, i);
          if (next.authority.store !== store) next.authority = { store, term: next.authority.term + 1 };
          next.uses[i] = store;
          me.trust = 'claimed';
          me.term = next.authority.term;
        });
      }
    }
    if (store !== null && member.trust === 'claimed') {
      add(`${i} trusts store ${store}`, (next) => {
        const me = memberOf(next, i);
        const used = storeOf(next, store);
        const label = fault === 'the epoch is bound to the store and not to the claim' ? used.term : me.term;
        if (used.term !== label || me.owes === 'everything') used.epoch = fresh(next);
        used.term = me.term;
        if (me.owes === 'the tag') used.version = fresh(next);
        me.owes = 'nothing';
        me.isBehind = false;
        me.trust = 'trusted';
      });
    }
    if (store !== null && member.trust === 'trusted' && !state.stores[store]?.present.includes(i)) {
      add(`${i} checks in at store ${store}`, (next) => {
        const { present } = storeOf(next, store);
        present.push(i);
        present.sort();
      });
    }
    state.stores.forEach(({ present }, s) => {
      if (s === store || !present.includes(i)) return;
      add(`the key of ${i} at store ${s} expires`, (next) => {
        const old = storeOf(next, s);
        old.present = old.present.filter((other) => other !== i);
      });
    });
    if (store !== null && member.trust === 'trusted' && !member.hasLease) {
      const isAll =
        fault === 'a lapsed member takes everybody for present' ||
        state.stores[store]?.present.length === state.members.length;
      if (isAll !== member.seesAll) {
        add(`${i} looks who is present at store ${store}`, (next) => {
          memberOf(next, i).seesAll = isAll;
        });
      }
    }
    const hasHeard = member.inbox.length === 0 || fault === 'a lease is renewed before notifications are heard';
    if (member.isListening && !member.hasLease && !member.isBehind && hasHeard) {
      add(`${i} renews its lease`, (next) => {
        const me = memberOf(next, i);
        me.hasLease = true;
        me.seesAll = false;
        // The heartbeat tells who has the authority.
        if (me.trust !== 'no' && (me.store !== next.authority.store || me.term !== next.authority.term)) {
          distrust(me, 'nothing');
          me.term = -1;
        }
      });
    }
    if (member.isListening && state.uses[i] !== null && state.uses[i] !== store) {
      add(`${i} says that it does not use its store any more`, (next) => {
        next.uses[i] = null;
      });
    }
    if (member.isListening && member.isBehind) {
      const isVouchedFor = state.members.some(
        (other, j) =>
          j !== i &&
          other.isListening &&
          !other.isBehind &&
          other.inbox.length === 0 &&
          other.trust === 'trusted' &&
          other.store === state.authority.store,
      );
      add(`${i} asks whether others have listened`, (next) => {
        const me = memberOf(next, i);
        me.isBehind = false;
        if (!isVouchedFor) distrust(me, 'everything');
        next.writers.forEach((writer, w) => {
          if (writer.pc === 'wait' && !me.inbox.includes(w)) writer.echoes.push({ from: i, store: null });
        });
      });
    }
    if (member.isListening && member.inbox.length > 0) {
      add(`${i} hears a notification`, (next) => {
        const me = memberOf(next, i);
        const w = me.inbox.shift();
        const can = me.trust === 'trusted' && me.store !== null;
        if (can) storeOf(next, me.store!).version = fresh(next);
        else if (fault !== 'an unconfirmed invalidation is forgotten') distrust(me, 'the tag');
        next.writers[w!]?.echoes.push({ from: i, store: can ? me.store : null });
      });
    }
  }

  function canClaim(store: number, i: number): boolean {
    const { authority, stores } = state;
    if (authority.store === store || fault === 'a store is claimed while a member uses another') return true;
    // A member without PostgreSQL goes on only while it sees the key of every other one in its store.
    if (stores[authority.store]?.present.includes(i)) return false;
    return state.uses.every((used, j) => j === i || used !== authority.store || isIdle(state.members[j]!));
  }

  /** It answers nothing from the cache, and will not before it has renewed its lease. */
  function isIdle(member: Member): boolean {
    return !member.hasLease && !member.seesAll;
  }

  function faultSteps({ store, isListening, hasLease }: Member, i: number): void {
    const mayBreak = (kind: Plan['faults'][number][0]): boolean =>
      plan.faults.some(([what, member]) => what === kind && member === i);
    const happen = (name: string, take: (me: Member, next: State) => void): void => {
      add(name, (next) => {
        next.budget -= 1;
        take(memberOf(next, i), next);
      });
    };
    if (mayBreak('redis')) {
      state.stores.forEach((_, s) => {
        if (s === store) return;
        happen(`${i} is connected to store ${s}`, (me) => {
          me.store = s;
          distrust(me, 'nothing');
        });
      });
      if (store !== null) {
        happen(`${i} is cut off from store ${store}`, (me) => {
          me.store = null;
          distrust(me, 'nothing');
        });
      }
    }
    if (mayBreak('postgres')) {
      if (isListening) {
        happen(`${i} does not listen`, (me) => {
          me.isListening = false;
          me.inbox = [];
        });
      } else {
        happen(`${i} listens again`, (me) => {
          me.isListening = true;
          me.isBehind = fault !== 'a member that has not listened goes on';
        });
      }
    }
    if (mayBreak('lease') && hasLease) {
      happen(`the lease of ${i} lapses`, (me) => {
        me.hasLease = false;
      });
    }
  }

  function writerSteps(writer: Writer, w: number): void {
    const { at, pc } = writer;
    const member = state.members[at]!;
    const act = (name: string, take: (me: Writer, next: State) => void): void => {
      add(`writer ${w} at ${at} ${name}`, (next) => {
        take(next.writers[w]!, next);
      });
    };
    switch (pc) {
      case 'begin':
        act('announces', (me) => {
          me.announcedTo = member.trust === 'trusted' ? member.store : null;
          me.pc = 'commit';
        });
        break;
      case 'commit':
        act('commits', (me, next) => {
          next.committed += 1;
          me.value = next.committed;
          me.isFenced =
            me.announcedTo !== null && (me.announcedTo === next.authority.store || fault === 'the fence is not asked');
          me.pc = 'invalidate';
        });
        break;
      case 'invalidate': {
        const owe = fault !== 'an unconfirmed invalidation is forgotten';
        if (member.trust === 'trusted' && member.store !== null) {
          act('invalidates', (me, next) => {
            storeOf(next, member.store!).version = fresh(next);
            if (me.isFenced) acknowledge(me, next);
            else me.pc = 'relay';
          });
        }
        if (member.trust !== 'trusted' || state.budget > 0) {
          act('cannot invalidate', (me, next) => {
            if (member.trust === 'trusted') next.budget -= 1;
            distrust(memberOf(next, at), owe ? 'the tag' : 'nothing');
            me.pc = 'relay';
          });
        }
        break;
      }
      case 'relay':
        act('tells the others', (me, next) => {
          me.authority = next.authority.store;
          next.members.forEach((other, j) => {
            if (j !== at && other.isListening) other.inbox.push(w);
          });
          me.pc = 'wait';
        });
        break;
      case 'wait':
        if (canAcknowledge(writer)) act('is done', acknowledge);
        // A member without a lease goes on while it sees the key of the writer: the writer waits for the end of its own key.
        if (state.stores.some(({ present }) => present.includes(at))) break;
        state.members.forEach((other, j) => {
          if (j === at || !isIdle(other) || writer.echoes.some(({ from }) => from === j)) return;
          act(`finds that ${j} has no lease`, (me) => me.echoes.push({ from: j, store: null }));
        });
        break;
      case 'done':
    }
  }

  function canAcknowledge({ at, authority, echoes }: Writer): boolean {
    if (fault === 'a relayed write is acknowledged at once') return true;
    const isEchoed = echoes.some(
      ({ store }) => store === authority || (store !== null && fault === 'an echo from another store counts'),
    );
    if (isEchoed) return true;
    const { trust, store } = state.members[at]!;
    // It has made up for what it owed.
    if (trust === 'trusted' && store === authority) return true;
    return state.members.every((_, j) => j === at || echoes.some(({ from }) => from === j));
  }

  function acknowledge(me: Writer, next: State): void {
    next.acknowledged = Math.max(next.acknowledged, me.value);
    me.pc = 'done';
  }

  function readerSteps(reader: Reader, r: number): void {
    const { at, pc, observed } = reader;
    const act = (name: string, take: (me: Reader, next: State) => unknown): void => {
      add(`reader ${r} at ${at} ${name}`, (next) => take(next.readers[r]!, next));
    };
    const answer = (me: Reader, value: number): string | undefined => {
      me.pc = 'done';
      me.observed = null;
      return value < me.acknowledged
        ? `reader ${r} is shown ${value} writes, and ${me.acknowledged} were acknowledged before it began`
        : undefined;
    };
    switch (pc) {
      case 'begin':
        act('begins', (me, next) => {
          me.acknowledged = next.acknowledged;
          const member = memberOf(next, at);
          if (!mayAnswer(member)) return answer(me, next.committed);
          const store = member.store!;
          const { epoch, version } = storeOf(next, store);
          me.observed = { store, epoch, version };
          me.pc = 'look';
        });
        break;
      case 'look':
        act('looks, and loads', (me, next) => {
          const { store, epoch, version } = observed!;
          const { entry } = storeOf(next, store);
          if (entry?.epoch === epoch && entry.version === version) return answer(me, entry.value);
          me.value = next.committed;
          me.pc = 'store';
        });
        break;
      case 'store':
        act('stores', (me, next) => {
          const { store, epoch, version } = observed!;
          storeOf(next, store).entry = { epoch, version, value: me.value };
          return answer(me, me.value);
        });
        break;
      case 'done':
    }
  }
}
