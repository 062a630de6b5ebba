import fc from 'fast-check';
import type { OpenApiDocument } from '../support/openapi-document.js';
import type { OrdersApi } from '../support/orders-api.js';
import type { OrdersTable } from '../support/orders-table.js';
import { stepsFor } from './arbitraries/steps.js';
import { fillIn } from './fill-in.js';
import { CALLERS, type CallerName, type FuzzedRequest } from './fuzzed-request.js';
import { Judge } from './judge.js';
import { Memory } from './memory.js';
import { Sender } from './send.js';
import { transcriptLine } from './transcript.js';
import { ailments } from './wellness.js';

/** Steps that are made one after the other, at most, before everything is forgotten and the callers are others. */
const MOST_STEPS = 40;

export interface CampaignPlan {
  /** How many requests are sent, about. */
  readonly requests: number;
  readonly seed: number;
}

export interface CampaignResult {
  readonly requests: number;
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Operations that have been answered with success. */
  readonly succeeded: ReadonlySet<string>;
  /** The shortest sequence of requests found that shows what is wrong, with what that is. */
  readonly finding: string | undefined;
}

/**
 * Sends requests that are made up from the OpenAPI document, good and broken ones, in sequences in which later ones use
 * what earlier ones were answered, and judges every answer by the same document.
 */
export async function runCampaign(
  api: OrdersApi,
  table: OrdersTable,
  { requests, seed }: CampaignPlan,
): Promise<CampaignResult> {
  const document = (await api.call<OpenApiDocument>('/docs-json')).body;
  const campaign = new Campaign(api, table, new Judge(document));
  const sequences = fc.array(stepsFor(document), { minLength: 1, maxLength: MOST_STEPS, size: 'max' });
  const property = fc.asyncProperty(sequences, (steps) => campaign.play(steps.flat()));
  const result = await fc.check(property, { seed, numRuns: Math.max(1, Math.round(requests / (0.6 * MOST_STEPS))) });
  campaign.close();
  return {
    requests: campaign.sent,
    statuses: Object.fromEntries(campaign.statuses),
    succeeded: campaign.succeeded,
    finding: result.failed
      ? [`seed ${seed}, after ${result.numShrinks} times of making it shorter:`, ...campaign.lastFailure].join('\n')
      : undefined,
  };
}

class Campaign {
  sent = 0;
  readonly statuses = new Map<number, number>();
  readonly succeeded = new Set<string>();
  /** The last is the shortest. */
  lastFailure: readonly string[] = [];
  private sequences = 0;
  private readonly sender: Sender;

  constructor(
    private readonly api: OrdersApi,
    private readonly table: OrdersTable,
    private readonly judge: Judge,
  ) {
    this.sender = new Sender(api.url);
  }

  /** Sends a sequence of requests. False if something is wrong. */
  async play(sequence: readonly FuzzedRequest[]): Promise<boolean> {
    this.sequences++;
    const memory = new Memory();
    const transcript: string[] = [];
    for (const request of sequence) {
      const complaints = await this.step(request, memory, transcript);
      if (complaints.length > 0) return this.fail(transcript, complaints);
    }
    const complaints = await ailments(this.api, this.table);
    return complaints.length === 0 || this.fail(transcript, complaints);
  }

  close(): void {
    this.sender.close();
  }

  private async step(request: FuzzedRequest, memory: Memory, transcript: string[]): Promise<string[]> {
    const { operation, caller } = request;
    const subject = typeof caller === 'string' ? `${caller}-of-${this.sequences}` : undefined;
    const authorization =
      typeof caller === 'string' ? await this.authorizationOf(caller, subject) : caller.authorization;
    const sent = fillIn(request, authorization, memory);
    this.sent++;
    try {
      const answer = await this.sender.send(sent);
      transcript.push(transcriptLine(typeof caller === 'string' ? caller : 'nobody', sent, answer));
      this.statuses.set(answer.status, (this.statuses.get(answer.status) ?? 0) + 1);
      if (answer.status < 400) this.succeeded.add(operation.operationId);
      memory.learn(answer);
      return this.judge.complaints(request, sent, answer, subject);
    } catch (error) {
      transcript.push(transcriptLine(typeof caller === 'string' ? caller : 'nobody', sent, undefined));
      return [`there is no answer that can be read: ${String(error)}`];
    }
  }

  private async authorizationOf(caller: CallerName, subject: string | undefined): Promise<string> {
    const role = caller === CALLERS[0] || caller === CALLERS[1] ? 'partner' : caller;
    return `Bearer ${await this.api.token(role, subject)}`;
  }

  private fail(transcript: readonly string[], complaints: readonly string[]): false {
    this.lastFailure = [...transcript, ...complaints.map((complaint) => `  ${complaint}`)];
    return false;
  }
}
