import { Inject, Injectable } from '@nestjs/common';
import { Registry } from 'prom-client';
import { IssuerKeysWatch } from '../auth/issuer-keys-watch.js';
import { IssuerMetadata } from '../auth/issuer-metadata.js';
import { gaugeReadAtScrape, samplesBy } from './read-at-scrape.js';

/** What the issuer does not give as it should: nothing, if the API issues tokens itself. */
@Injectable()
export class IssuerMetrics {
  constructor(registry: Registry, @Inject(IssuerKeysWatch) watch: IssuerKeysWatch | null, metadata: IssuerMetadata) {
    const name = 'mes_issuer_problem';
    const help = 'What the issuer does not give as it should: 1 for its keys or metadata, otherwise 0';
    gaugeReadAtScrape(registry, { name, help, labelNames: ['problem'] }, () =>
      samplesBy('problem', {
        keys: watch?.keysProblem === undefined ? 0 : 1,
        metadata: metadata.problem === undefined ? 0 : 1,
      }),
    );
  }
}
