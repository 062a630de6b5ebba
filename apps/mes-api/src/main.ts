import 'reflect-metadata';
import cluster from 'node:cluster';
import { fail } from './commands/command-failure.js';
import { holdBuild } from './commands/hold-build.js';
import { loadEnvironmentFile } from './config/environment.js';
import { readConfiguration, type Configuration } from './config/configuration.js';
import { serve } from './serve.js';
import { superviseWorkers } from './workers/supervise-workers.js';

holdBuild();
const configuration = read();
if (configuration.workers > 1 && cluster.isPrimary) {
  for (const warning of configuration.warnings) console.error(warning);
  superviseWorkers(configuration.workers);
} else {
  serve(configuration);
}

function read(): Configuration {
  try {
    loadEnvironmentFile();
    return readConfiguration(process.env);
  } catch (error) {
    return fail(error);
  }
}
