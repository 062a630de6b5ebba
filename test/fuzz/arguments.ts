import { parseArgs } from 'node:util';
import { CommandError } from '../../apps/mes-api/src/commands/command-failure.js';
import type { CampaignPlan } from './campaign.js';

export const FUZZ_USAGE = `Sends valid and invalid requests made from the API's OpenAPI document, and checks every response against it.

  npm run fuzz
  npm run fuzz -- --requests 50000 --seed 7

  --requests <n>   approximate number of requests; 50000 by default
  --seed <n>       seed of the requests; a random one by default
  --help           shows this text`;

/** @returns undefined if the user asked for help */
export function readFuzzArguments(args: readonly string[]): CampaignPlan | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      requests: { type: 'string', default: '50000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return { requests: whole('requests', values.requests), seed: whole('seed', values.seed) };
}

function whole(name: string, text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new CommandError(`--${name} must be a whole number`);
  return Number(text);
}
