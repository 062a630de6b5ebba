import { Inject, Injectable } from '@nestjs/common';
import { Problem } from '../problem-details/problem.js';
import { EVENTS_STREAM_OPTIONS, type EventsStreamOptions } from './events-stream.options.js';

/** In seconds. */
const RETRY_AFTER = '5';

/** Limits the streams of each caller at this instance. */
@Injectable()
export class StreamAdmission {
  private readonly open = new Map<string, number>();

  constructor(@Inject(EVENTS_STREAM_OPTIONS) private readonly options: EventsStreamOptions) {}

  /**
   * Counts a stream of a caller, until the returned function is called.
   *
   * @throws {Problem} 429 if the caller has too many streams
   */
  admit(subject: string): () => void {
    const count = this.open.get(subject) ?? 0;
    const { maxStreamsPerCaller } = this.options;
    if (count >= maxStreamsPerCaller) {
      throw new Problem({
        status: 429,
        code: 'TOO_MANY_STREAMS',
        detail: `You may open ${maxStreamsPerCaller} streams at the same time: close one first.`,
        headers: { 'retry-after': RETRY_AFTER },
      });
    }
    this.open.set(subject, count + 1);
    return () => {
      const left = (this.open.get(subject) ?? 0) - 1;
      if (left > 0) this.open.set(subject, left);
      else this.open.delete(subject);
    };
  }
}
