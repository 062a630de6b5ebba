import type { Credentials } from '../api/connect';
import { BASE_PATH } from '../base-path';
import { listen, SILENCE_LIMIT, type Report } from './live-events';

/** Later terms win; within a term, the greater tab. */
interface Rank {
  readonly term: number;
  readonly tab: string;
}

type Message =
  | { readonly kind: 'question' }
  | { readonly kind: 'report'; readonly from: Rank; readonly report: Report }
  | { readonly kind: 'farewell'; readonly from: Rank };

const NOBODY: Rank = { term: 0, tab: '' };

/** The time for which a tab waits for the answer of a leader before it leads itself, in milliseconds. */
const ANSWER_LIMIT = 200;

/** The longest pause before a follower succeeds its leader, in milliseconds. Random, so that one of several comes first. */
const SUCCESSION_PAUSE = 1_000;

/**
 * One event stream for all tabs of a browser in which the same user is signed in. Over HTTP/1.1 a browser opens six connections to
 * an origin, and six streams would leave none for requests.
 *
 * One tab, the leader, reads the stream and passes each report on to the others by a `BroadcastChannel`. The leader is elected by
 * messages: Web Locks exist on encrypted origins only, and shared workers not on Android. Two leaders at once do no harm, and
 * the first message tells them apart. A leader that closes or is frozen says farewell. One that dies is missed like a dead stream,
 * because its reports stop. Without `BroadcastChannel` every tab leads itself.
 */
export class SharedStream {
  private readonly tab = `${String(Math.random())}${String(performance.now())}`;
  private readonly channel: BroadcastChannel | undefined;
  private leader = NOBODY;
  private last: Report = { state: 'connecting', goodFor: SILENCE_LIMIT };
  private lastEventId: string | undefined;
  private reportedAt = performance.now();
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The stream of this tab, if it leads. */
  private own: AbortController | undefined;

  /**
   * @param user the same text in all tabs that may share a stream
   * @param onReport receives the reports of this tab or of the leader
   */
  constructor(
    user: string,
    private readonly credentials: Credentials,
    private readonly onReport: (report: Report) => void,
  ) {
    this.channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel(`mes.live.${BASE_PATH}${user}`) : undefined;
    this.channel?.addEventListener('message', ({ data }: MessageEvent<Message>) => {
      this.receive(data);
    });
    addEventListener('pagehide', this.leave);
    document.addEventListener('freeze', this.leave);
    this.ask();
  }

  close(): void {
    this.leave();
    removeEventListener('pagehide', this.leave);
    document.removeEventListener('freeze', this.leave);
    this.channel?.close();
  }

  /** Looks whether the stream is alive. A follower asks its leader. */
  check(): void {
    if (!this.own) this.ask();
    else if (this.age > this.last.goodFor) this.lead('lost');
  }

  /**
   * Opens a new stream here, even if there is one already. The other tabs follow.
   *
   * @param state the state until the stream is open
   */
  lead(state: 'connecting' | 'lost'): void {
    this.own?.abort();
    const { signal } = (this.own = new AbortController());
    this.leader = { term: this.leader.term + 1, tab: this.tab };
    this.tell({ state, goodFor: SILENCE_LIMIT });
    const tell = (report: Report): void => {
      if (!signal.aborted) this.tell(report);
    };
    void listen(this.credentials, this.lastEventId, tell, signal);
  }

  private readonly leave = (): void => {
    clearTimeout(this.timer);
    if (!this.own) return;
    this.stepDown();
    this.post({ kind: 'farewell', from: this.leader });
  };

  private ask(): void {
    this.post({ kind: 'question' });
    this.succeed(this.channel ? ANSWER_LIMIT : 0, 'connecting');
  }

  private receive(message: Message): void {
    if (message.kind === 'question') {
      if (!this.own) return;
      if (this.age > this.last.goodFor) this.lead('lost');
      else this.repeat();
      return;
    }
    if (isLower(message.from, this.leader)) {
      // Somebody leads who does not know of this leader yet.
      if (this.own) this.repeat();
      return;
    }
    if (message.kind === 'farewell') {
      this.succeed(Math.random() * ANSWER_LIMIT, 'connecting');
      return;
    }
    if (this.own) this.stepDown();
    this.leader = message.from;
    this.take(message.report);
  }

  private stepDown(): void {
    this.own?.abort();
    this.own = undefined;
  }

  /** Reports to all tabs. */
  private tell(report: Report): void {
    this.post({ kind: 'report', from: this.leader, report });
    this.take(report);
  }

  /** Says again how the stream is, without an event. */
  private repeat(): void {
    const { state, goodFor } = this.last;
    const report = { state, goodFor: goodFor - this.age, ...(this.lastEventId && { lastEventId: this.lastEventId }) };
    this.post({ kind: 'report', from: this.leader, report });
  }

  private take(report: Report): void {
    this.last = report;
    this.lastEventId = report.lastEventId ?? this.lastEventId;
    this.reportedAt = performance.now();
    if (report.state === 'none') clearTimeout(this.timer);
    else {
      this.wait(report.goodFor, () => {
        this.missReport();
      });
    }
    this.onReport(report);
  }

  private missReport(): void {
    if (this.own) {
      this.lead('lost');
      return;
    }
    this.onReport({ state: 'lost', goodFor: SILENCE_LIMIT });
    // The leader may have missed the same heartbeat, and says so in a moment.
    this.succeed((0.2 + 0.8 * Math.random()) * SUCCESSION_PAUSE, 'lost');
  }

  /** Leads after a pause, unless a leader reports before. */
  private succeed(pause: number, state: 'connecting' | 'lost'): void {
    this.wait(pause, () => {
      this.lead(state);
    });
  }

  /** The time since the last report, in milliseconds. */
  private get age(): number {
    return performance.now() - this.reportedAt;
  }

  private wait(milliseconds: number, then: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(then, milliseconds);
  }

  private post(message: Message): void {
    this.channel?.postMessage(message);
  }
}

function isLower(one: Rank, other: Rank): boolean {
  return one.term === other.term ? one.tab < other.tab : one.term < other.term;
}
