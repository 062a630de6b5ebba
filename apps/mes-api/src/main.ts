import './commands/require-node.js';
import 'reflect-metadata';
import cluster from 'node:cluster';
import { parseArgs } from 'node:util';
import { fail } from './commands/command-failure.js';
import { holdBuild } from './commands/hold-build.js';
import { loadEnvironmentFile } from './config/environment.js';
import { readConfiguration, type Configuration } from './config/configuration.js';
import { serve } from './serve.js';
import { superviseWorkers } from './workers/supervise-workers.js';

const USAGE = `Starts the API. Its settings are variables of the environment or of a file .env, which .env.example explains.

  npm start

  --help   show this text`;

// On a full disk, or once a terminal is gone, nothing can be written there. Without a listener, that would end the process.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
if (wantsHelp()) console.log(USAGE);
else start();

function start(): void {
  holdBuild();
  const configuration = read();
  if (configuration.workers > 1 && cluster.isPrimary) {
    for (const warning of configuration.warnings) console.error(warning);
    superviseWorkers(configuration.workers);
  } else {
    serve(configuration);
  }
}

/** Whether the command line is `--help`. There are no other options. */
function wantsHelp(): boolean {
  try {
    return parseArgs({ options: { help: { type: 'boolean', default: false } } }).values.help;
  } catch (error) {
    return fail(error);
  }
}

function read(): Configuration {
  try {
    loadEnvironmentFile();
    return readConfiguration(process.env);
  } catch (error) {
    return fail(error);
  }
}
