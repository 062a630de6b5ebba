import { explore, itemAt, keyWithoutTokens, mapValues, type Exploration, type Model, type Step } from './explore.js';

/*
 * Several instances (members) on one PostgreSQL and one or more Redis (stores), whose connections break. There is one tag and one
 * key. What readers and writers do while everything works is in reads-and-writes.ts.
 *
 * One promise is checked: a response shows every write that was acknowledged before its request began. A value in the database
 * is the number of writes that it shows.
 *
 * Time is left out. A lease ends at any moment, and what waits for a time waits for the state that this time makes sure of.
 */

/** What is done instead of what the protocol demands. */
type BrokenRule =
  | 'the fence is not asked'
  | 'a relayed write is acknowledged at once'
  | 'a member without a lease answers from the cache'
  | 'a member without a lease takes all others for present'
  | 'a member that is present is forgotten'
  | 'a forgotten member is present again'
  | 'a member without a lease looks again after a miss'
  | 'an unconfirmed invalidation is forgotten'
  | 'a store is claimed while a member uses another one'
  | 'the epoch is bound to the store and not to the claim'
  | 'a lease is renewed before notifications are handled'
  | 'a member that has not listened goes on'
  | 'an echo from another store counts';

interface Store {
  epoch: string;
  /** Number of the claim that the epoch was made for. */
  term: number;
  version: string;
  stored: { epoch: string; version: string; value: number };
  /** Members whose presence key is in this store. */
  present: number[];
}

interface Member {
  /** The store that it is connected to. */
  store: number | null;
  /** The connection to the store is `claimed` in PostgreSQL first, and then `trusted`. */
  trust: 'no' | 'claimed' | 'trusted';
  /** Number of the last claim that it knows of. */
  term: number;
  isListening: boolean;
  hasLease: boolean;
  /** It has no lease, and has found all members present in its store. */
  seesAll: boolean;
  /** It has no lease, and has missed a member in its store: itself or another one. */
  hasMissedOne: boolean;
  /** The members that it knows of. */
  knows: number[];
  /** What it has to invalidate before it trusts a store. */
  unconfirmed: 'nothing' | 'the tag' | 'everything';
  /** Notifications that it has not handled yet: the writers that wait for an echo. */
  inbox: number[];
  /** It listens again, and may have missed notifications. */
  isBehind: boolean;
}

interface Writer {
  at: number;
  step: 'begin' | 'commit' | 'invalidate' | 'relay' | 'wait' | 'done';
  /** The store that has its pending write. */
  begunAt: number | null;
  /** The commit has found that all members use that store. */
  isFenced: boolean;
  value: number;
  /** The authority when the others were notified. */
  authority: number;
  /** Members that have invalidated the tag, and in which store; null if they answer nothing from the cache. */
  echoes: { from: number; store: number | null }[];
}

interface Reader {
  at: number;
  step: 'begin' | 'look' | 'store' | 'done';
  acknowledged: number;
  snapshot: { store: number; epoch: string; version: string } | null;
  value: number;
}

interface State {
  committed: number;
  acknowledged: number;
  /** The store that all members use; stands in PostgreSQL. */
  authority: { store: number; term: number };
  /** The store that each member uses, as it says in PostgreSQL. */
  uses: (number | null)[];
  /** The members that stand in PostgreSQL. */
  known: number[];
  stores: Store[];
  members: Member[];
  writers: Writer[];
  readers: Reader[];
  tokens: number;
  /** How many more faults may happen. */
  faultsLeft: number;
}

interface Plan {
  readonly members: number;
  readonly stores: number;
  /** At which members there are writers and readers. */
  readonly writers: readonly number[];
  readonly readers: readonly number[];
  /** Members that have no connection to a store at first. */
  readonly cutOff?: readonly number[];
  /** Members that have just been turned to the second store, and do not trust it yet. */
  readonly turned?: readonly number[];
  /** Members that are cut off from PostgreSQL, and have no lease any more. */
  readonly deaf?: readonly number[];
  /** How many faults may happen. */
  readonly faultsLeft: number;
  /** What breaks, and at which member. */
  readonly faults: readonly (readonly ['redis' | 'postgres' | 'lease', number])[];
}

function run(plan: Plan, broken?: BrokenRule): Exploration {
  return explore(
    initialState(plan),
    (state) => stepsOf(state, plan, broken),
    ({ tokens: _, ...state }) => keyWithoutTokens(state),
  );
}

function initialState(plan: Plan): State {
  const isCutOff = (i: number): boolean => plan.cutOff?.includes(i) === true;
  const isTurned = (i: number): boolean => plan.turned?.includes(i) === true;
  const isApart = (i: number): boolean => isCutOff(i) || isTurned(i);
  const isDeaf = (i: number): boolean => plan.deaf?.includes(i) === true;
  const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
  return {
    committed: 0,
    acknowledged: 0,
    authority: { store: 0, term: 1 },
    uses: range(plan.members).map((i) => (isApart(i) ? null : 0)),
    known: range(plan.members),
    stores: range(plan.stores).map((store) => ({
      epoch: `#e${store}`,
      term: store === 0 ? 1 : 0,
      version: `#v${store}`,
      // Something was stored before.
      stored: { epoch: `#e${store}`, version: `#v${store}`, value: 0 },
      present: store === 0 ? range(plan.members).filter((i) => !isApart(i)) : [],
    })),
    members: range(plan.members).map((i) => ({
      store: isCutOff(i) ? null : isTurned(i) ? 1 : 0,
      trust: isApart(i) ? 'no' : 'trusted',
      term: isApart(i) ? -1 : 1,
      isListening: !isDeaf(i),
      hasLease: !isDeaf(i),
      seesAll: false,
      hasMissedOne: false,
      knows: range(plan.members),
      unconfirmed: 'nothing',
      inbox: [],
      isBehind: false,
    })),
    writers: plan.writers.map((at) => ({
      at,
      step: 'begin',
      begunAt: null,
      isFenced: false,
      value: 0,
      authority: 0,
      echoes: [],
    })),
    readers: plan.readers.map((at) => ({ at, step: 'begin', acknowledged: 0, snapshot: null, value: 0 })),
    tokens: 0,
    faultsLeft: plan.faultsLeft,
  };
}

/** All that can happen next. */
function stepsOf(state: State, plan: Plan, broken: BrokenRule | undefined): Step<State>[] {
  const steps: Step<State>[] = [];
  const add = (actor: string, action: string, change: (next: State) => unknown): void => {
    const take = (next: State): string | undefined => {
      const brokenPromise = change(next);
      return typeof brokenPromise === 'string' ? brokenPromise : undefined;
    };
    steps.push({ actor, action, take });
  };
  const fresh = (next: State): string => `#${(next.tokens += 1)}`;

  state.members.forEach((member, i) => {
    memberSteps(member, i);
    if (state.faultsLeft > 0) faultSteps(member, i);
  });
  state.writers.forEach(writerSteps);
  state.readers.forEach(readerSteps);
  return steps;

  function storeOf(next: State, index: number): Store {
    return itemAt(next.stores, index);
  }

  function memberOf(next: State, index: number): Member {
    return itemAt(next.members, index);
  }

  function distrust(member: Member, unconfirmed: Member['unconfirmed']): void {
    member.trust = 'no';
    member.seesAll = false;
    if (unconfirmed === 'everything' || member.unconfirmed === 'nothing') member.unconfirmed = unconfirmed;
  }

  /** A lease allows it, or that all members are present: then every write goes through this store. */
  function mayAnswer(member: Member): boolean {
    if (member.trust !== 'trusted' || member.store === null) return false;
    if (broken === 'a member without a lease answers from the cache') return true;
    return member.hasLease || member.seesAll;
  }

  function memberSteps(member: Member, i: number): void {
    const { store } = member;
    const name = `member ${i}`;
    if (store !== null && member.trust === 'no') {
      if (state.uses[i] === store && (state.stores[store]?.term ?? 0) <= member.term) {
        add(name, `is back at store ${store}`, (next) => {
          memberOf(next, i).trust = 'claimed';
        });
      }
      if (canClaim(store, i)) {
        add(name, `claims store ${store}`, (next) => {
          const me = memberOf(next, i);
          if (next.authority.store !== store) next.authority = { store, term: next.authority.term + 1 };
          next.uses[i] = store;
          me.trust = 'claimed';
          me.term = next.authority.term;
        });
      }
    }
    if (store !== null && member.trust === 'claimed') {
      add(name, `trusts store ${store}`, (next) => {
        const me = memberOf(next, i);
        const used = storeOf(next, store);
        const label = broken === 'the epoch is bound to the store and not to the claim' ? used.term : me.term;
        if (used.term !== label || me.unconfirmed === 'everything') used.epoch = fresh(next);
        used.term = me.term;
        if (me.unconfirmed === 'the tag') used.version = fresh(next);
        me.unconfirmed = 'nothing';
        me.isBehind = false;
        me.trust = 'trusted';
      });
    }
    // Without a lease, a member does not set its presence key again once it has expired: others may have forgotten the member.
    const maySetKey = member.hasLease || broken === 'a forgotten member is present again';
    if (store !== null && member.trust === 'trusted' && maySetKey && !state.stores[store]?.present.includes(i)) {
      add(name, `sets its presence key in store ${store}`, (next) => {
        const { present } = storeOf(next, store);
        present.push(i);
        present.sort();
      });
    }
    state.stores.forEach(({ present }, s) => {
      const isRenewed = s === store && member.trust === 'trusted' && member.hasLease;
      if (isRenewed || !present.includes(i)) return;
      add(`store ${s}`, `lets the presence key of ${name} expire`, (next) => {
        const old = storeOf(next, s);
        old.present = old.present.filter((other) => other !== i);
        // It believes that all are present for no longer than its own key lasts.
        if (s === store) memberOf(next, i).seesAll = false;
      });
    });
    if (store !== null && member.trust === 'trusted' && !member.hasLease && !member.hasMissedOne) {
      const isAll =
        broken === 'a member without a lease takes all others for present' ||
        member.knows.every((other) => state.stores[store]?.present.includes(other));
      if (isAll !== member.seesAll || !isAll) {
        add(name, `looks which members are present in store ${store}`, (next) => {
          const me = memberOf(next, i);
          me.seesAll = isAll;
          me.hasMissedOne = !isAll && broken !== 'a member without a lease looks again after a miss';
        });
      }
    }
    if (store !== null && member.trust === 'trusted' && store === state.authority.store && member.isListening) {
      state.known.forEach((j) => {
        if (j === i || !canForget(j)) return;
        add(name, `forgets member ${j}`, (next) => {
          next.known = next.known.filter((other) => other !== j);
          next.uses[j] = null;
        });
      });
    }
    const hasHeard = member.inbox.length === 0 || broken === 'a lease is renewed before notifications are handled';
    if (member.isListening && !member.hasLease && !member.isBehind && hasHeard) {
      add(name, 'renews its lease', (next) => {
        const me = memberOf(next, i);
        me.hasLease = true;
        me.seesAll = false;
        me.hasMissedOne = false;
        if (!next.known.includes(i)) {
          next.known.push(i);
          next.known.sort();
          if (me.trust !== 'no') distrust(me, 'nothing');
          me.term = -1;
        }
        me.knows = [...next.known];
        // The heartbeat tells which store is the authority.
        if (me.trust !== 'no' && (me.store !== next.authority.store || me.term !== next.authority.term)) {
          distrust(me, 'nothing');
          me.term = -1;
        }
      });
    }
    if (member.isListening && state.uses[i] !== null && state.uses[i] !== store) {
      add(name, 'says that it does not use its store any more', (next) => {
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
      add(name, 'asks whether another member has listened all the time', (next) => {
        const me = memberOf(next, i);
        me.isBehind = false;
        if (!isVouchedFor) distrust(me, 'everything');
        next.writers.forEach((writer, w) => {
          if (writer.step === 'wait' && !me.inbox.includes(w)) writer.echoes.push({ from: i, store: null });
        });
      });
    }
    if (member.isListening && member.inbox.length > 0) {
      add(name, 'handles a notification', (next) => {
        const me = memberOf(next, i);
        const w = me.inbox.shift();
        const can = me.trust === 'trusted' && me.store !== null;
        if (can) itemAt(next.stores, me.store).version = fresh(next);
        else if (broken !== 'an unconfirmed invalidation is forgotten') distrust(me, 'the tag');
        itemAt(next.writers, w).echoes.push({ from: i, store: can ? me.store : null });
      });
    }
  }

  function canClaim(store: number, i: number): boolean {
    const { authority, stores } = state;
    if (!state.known.includes(i)) return false;
    if (authority.store === store || broken === 'a store is claimed while a member uses another one') return true;
    // A member without a lease goes on while all presence keys are in its store, so it counts as using it.
    if (stores[authority.store]?.present.includes(i)) return false;
    return state.uses.every((used, j) => j === i || used !== authority.store || isIdle(itemAt(state.members, j)));
  }

  /** It answers nothing from the cache before it has renewed its lease. */
  function isIdle(member: Member): boolean {
    return !member.hasLease && !member.seesAll;
  }

  /** It has no lease, and has been missed for so long that it does not answer by presence keys any more. */
  function canForget(i: number): boolean {
    const { hasLease, seesAll, hasMissedOne, trust, store } = itemAt(state.members, i);
    if (hasLease) return false;
    if (broken === 'a member that is present is forgotten') return true;
    if (seesAll || state.stores[state.authority.store]?.present.includes(i)) return false;
    const looksNoMore =
      hasMissedOne || trust !== 'trusted' || store === null || !state.stores[store]?.present.includes(i);
    return looksNoMore || broken === 'a member without a lease looks again after a miss';
  }

  function faultSteps({ store, isListening, hasLease }: Member, i: number): void {
    const mayBreak = (kind: Plan['faults'][number][0]): boolean =>
      plan.faults.some(([what, member]) => what === kind && member === i);
    const happen = (action: string, take: (me: Member, next: State) => void): void => {
      add(`member ${i}`, action, (next) => {
        next.faultsLeft -= 1;
        take(memberOf(next, i), next);
      });
    };
    if (mayBreak('redis')) {
      state.stores.forEach((_, s) => {
        if (s === store) return;
        happen(`is connected to store ${s}`, (me) => {
          me.store = s;
          distrust(me, 'nothing');
        });
      });
      if (store !== null) {
        happen(`is cut off from store ${store}`, (me) => {
          me.store = null;
          distrust(me, 'nothing');
        });
      }
    }
    if (mayBreak('postgres')) {
      if (isListening) {
        happen('stops listening', (me) => {
          me.isListening = false;
          me.inbox = [];
        });
      } else {
        happen('listens again', (me) => {
          me.isListening = true;
          me.isBehind = broken !== 'a member that has not listened goes on';
        });
      }
    }
    if (mayBreak('lease') && hasLease) {
      happen('loses its lease', (me) => {
        me.hasLease = false;
      });
    }
  }

  function writerSteps(writer: Writer, w: number): void {
    const { at, step } = writer;
    const member = itemAt(state.members, at);
    const act = (action: string, take: (me: Writer, next: State) => void): void => {
      add(`writer at member ${at}`, action, (next) => {
        take(itemAt(next.writers, w), next);
      });
    };
    switch (step) {
      case 'begin':
        act(
          member.trust === 'trusted' ? `begins a pending write in store ${member.store}` : 'begins without a store',
          (me) => {
            me.begunAt = member.trust === 'trusted' ? member.store : null;
            me.step = 'commit';
          },
        );
        break;
      case 'commit':
        act('commits', (me, next) => {
          next.committed += 1;
          me.value = next.committed;
          me.isFenced =
            me.begunAt !== null && (me.begunAt === next.authority.store || broken === 'the fence is not asked');
          me.step = 'invalidate';
        });
        break;
      case 'invalidate': {
        const isRemembered = broken !== 'an unconfirmed invalidation is forgotten';
        if (member.trust === 'trusted' && member.store !== null) {
          act('invalidates', (me, next) => {
            itemAt(next.stores, member.store).version = fresh(next);
            if (me.isFenced) acknowledge(me, next);
            else me.step = 'relay';
          });
        }
        if (member.trust !== 'trusted' || state.faultsLeft > 0) {
          act('cannot invalidate', (me, next) => {
            if (member.trust === 'trusted') next.faultsLeft -= 1;
            distrust(memberOf(next, at), isRemembered ? 'the tag' : 'nothing');
            me.step = 'relay';
          });
        }
        break;
      }
      case 'relay':
        act('notifies the other members', (me, next) => {
          me.authority = next.authority.store;
          next.members.forEach((other, j) => {
            if (j !== at && other.isListening) other.inbox.push(w);
          });
          me.step = 'wait';
        });
        break;
      case 'wait':
        if (canAcknowledge(writer)) act('acknowledges', acknowledge);
        // A member without a lease goes on while it sees the writer's presence key, so the writer waits until that has expired.
        if (state.stores.some(({ present }) => present.includes(at))) break;
        state.members.forEach((other, j) => {
          if (j === at || !isIdle(other) || writer.echoes.some(({ from }) => from === j)) return;
          act(`finds that member ${j} has no lease`, (me) => me.echoes.push({ from: j, store: null }));
        });
        break;
      case 'done':
    }
  }

  function canAcknowledge({ at, authority, echoes }: Writer): boolean {
    if (broken === 'a relayed write is acknowledged at once') return true;
    const isEchoed = echoes.some(
      ({ store }) =>
        store === authority ||
        store === state.authority.store ||
        (store !== null && broken === 'an echo from another store counts'),
    );
    if (isEchoed) return true;
    const { trust, store } = itemAt(state.members, at);
    // It has invalidated the tag itself meanwhile, in the store that all members use now.
    if (trust === 'trusted' && store === state.authority.store) return true;
    return state.known.every((j) => j === at || echoes.some(({ from }) => from === j));
  }

  function acknowledge(me: Writer, next: State): void {
    next.acknowledged = Math.max(next.acknowledged, me.value);
    me.step = 'done';
  }

  function readerSteps(reader: Reader, r: number): void {
    const { at, step, snapshot } = reader;
    const act = (action: string, take: (me: Reader, next: State) => unknown): void => {
      add(`reader ${r} at member ${at}`, action, (next) => take(itemAt(next.readers, r), next));
    };
    const answer = (me: Reader, value: number): string | undefined => {
      me.step = 'done';
      me.snapshot = null;
      return value < me.acknowledged
        ? `${value} writes are shown after ${me.acknowledged} were acknowledged`
        : undefined;
    };
    switch (step) {
      case 'begin':
        act(mayAnswer(itemAt(state.members, at)) ? 'takes a snapshot' : 'bypasses the cache', (me, next) => {
          me.acknowledged = next.acknowledged;
          const member = memberOf(next, at);
          if (!mayAnswer(member)) return answer(me, next.committed);
          const { epoch, version } = itemAt(next.stores, member.store);
          me.snapshot = { store: member.store ?? -1, epoch, version };
          me.step = 'look';
          return undefined;
        });
        break;
      case 'look':
        act('looks for what is stored, and loads', (me, next) => {
          if (!snapshot) return undefined;
          const { store, epoch, version } = snapshot;
          const { stored } = storeOf(next, store);
          if (stored.epoch === epoch && stored.version === version) return answer(me, stored.value);
          me.value = next.committed;
          me.step = 'store';
          return undefined;
        });
        break;
      case 'store':
        act('stores', (me, next) => {
          if (!snapshot) return undefined;
          const { store, epoch, version } = snapshot;
          storeOf(next, store).stored = { epoch, version, value: me.value };
          return answer(me, me.value);
        });
        break;
      case 'done':
    }
  }
}

const everyFault: Plan = {
  members: 2,
  stores: 1,
  writers: [0],
  readers: [0, 1],
  faultsLeft: 2,
  faults: [
    ['redis', 0],
    ['redis', 1],
    ['postgres', 0],
    ['postgres', 1],
    ['lease', 0],
    ['lease', 1],
  ],
};
const failover: Plan = {
  members: 2,
  stores: 2,
  writers: [0],
  readers: [1],
  faultsLeft: 2,
  faults: [
    ['redis', 0],
    ['redis', 1],
    ['lease', 0],
    ['lease', 1],
  ],
};
const split: Plan = {
  ...failover,
  readers: [1, 1],
  faults: [
    ['redis', 1],
    ['lease', 0],
  ],
};
const cutOff: Plan = {
  members: 2,
  stores: 1,
  writers: [0],
  readers: [1],
  cutOff: [0],
  faultsLeft: 3,
  faults: [
    ['postgres', 1],
    ['lease', 1],
  ],
};
const apart: Plan = {
  members: 3,
  stores: 2,
  writers: [0],
  readers: [2, 2],
  cutOff: [0, 2],
  faultsLeft: 2,
  faults: [
    ['redis', 2],
    ['lease', 1],
  ],
};

const thereAndBack: Plan = {
  members: 2,
  stores: 2,
  writers: [0],
  readers: [1, 1],
  turned: [0],
  deaf: [1],
  faultsLeft: 2,
  faults: [['redis', 0]],
};

const SCENARIOS = {
  'every fault, on one Redis': everyFault,
  'a failover of Redis': failover,
  'a Redis of its own for each member': split,
  'a member that is cut off from Redis': cutOff,
  'members on different sides of a failover': apart,
  'a failover of Redis and the way back, past a member without a lease': thereAndBack,
} satisfies Record<string, Plan>;

const BROKEN_RULES: Record<BrokenRule, Plan> = {
  'the fence is not asked': split,
  'a relayed write is acknowledged at once': everyFault,
  'a member without a lease answers from the cache': everyFault,
  'a member without a lease takes all others for present': everyFault,
  'a member that is present is forgotten': everyFault,
  'a forgotten member is present again': everyFault,
  'a member without a lease looks again after a miss': thereAndBack,
  'an unconfirmed invalidation is forgotten': everyFault,
  'a store is claimed while a member uses another one': failover,
  'the epoch is bound to the store and not to the claim': failover,
  'a lease is renewed before notifications are handled': everyFault,
  'a member that has not listened goes on': cutOff,
  'an echo from another store counts': apart,
};

export const members: Model = {
  name: 'members',
  scenarios: mapValues(SCENARIOS, (plan) => () => run(plan)),
  brokenRules: mapValues(BROKEN_RULES, (plan, rule) => () => run(plan, rule)),
  limits: {},
};
