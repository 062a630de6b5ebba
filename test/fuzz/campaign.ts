import fc from 'fast-check';
import type { OpenApiDocument } from '../support/openapi-document.js';
import type { OrdersApi } from '../support/orders-api.js';
import type { OrdersTable } from '../support/orders-table.js';
import { sequencesFor } from './arbitraries/steps.js';
import { fillIn } from './fill-in.js';
import { CALLERS, type CallerName, type FuzzedRequest } from './fuzzed-request.js';
import { Judge } from './judge.js';
import { Memory } from './memory.js';
import { Sender } from './send.js';
import { transcriptLine } from './transcript.js';
import { ailments } from './wellness.js';

/** The greatest number of steps in a sequence. Each sequence has new callers, and remembers no earlier responses. */
const MOST_STEPS = 40;

export interface CampaignPlan {
  /** The approximate number of requests. */
  readonly requests: number;
  readonly seed: number;
}

export interface CampaignResult {
  readonly requests: number;
  /** The number of responses with each status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Operations with at least one successful response. */
  readonly succeeded: ReadonlySet<string>;
  /** The shortest failing sequence of requests, with its complaints. */
  readonly finding: string | undefined;
}

/**
 * Sends valid and invalid requests made from the OpenAPI document, and checks every response against the document. The
 * requests form sequences, in which later requests use data from earlier responses.
 */
export async function runCampaign(
  api: OrdersApi,
  table: OrdersTable,
  { requests, seed }: CampaignPlan,
): Promise<CampaignResult> {
  const document = (await api.call<OpenApiDocument>('/docs-json')).body;
  const campaign = new Campaign(api, table, new Judge(document));
  const property = fc.asyncProperty(sequencesFor(document, MOST_STEPS), (sequence) => campaign.play(sequence));
  const result = await fc.check(property, { seed, numRuns: Math.max(1, Math.round(requests / (0.6 * MOST_STEPS))) });
  campaign.close();
  return {
    requests: campaign.sent,
    statuses: Object.fromEntries(campaign.statuses),
    succeeded: campaign.succeeded,
    finding: result.failed
      ? [`seed ${seed}, shortened ${result.numShrinks} times:`, ...campaign.lastFailure].join('\n')
      : undefined,
  };
}

class Campaign {
  sent = 0;
  readonly statuses = new Map<number, number>();
  readonly succeeded = new Set<string>();
  /** The transcript of the last failure, which is the shortest so far. */
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

  /** Sends a sequence of requests, and returns whether all responses are correct. */
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
      return [`the response is missing or unreadable: ${String(error)}`];
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
