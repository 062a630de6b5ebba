// @nestjs/throttler is CommonJS and requires Nest, which consists of ES modules only. Node supports this, but Jest does not on
// Node < 24.9. This file runs the package with a require() that returns the imported Nest modules.
import * as asyncHooks from 'node:async_hooks';
import * as crypto from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as net from 'node:net';
import { resolve } from 'node:path';
import * as common from '@nestjs/common';
import * as core from '@nestjs/core';

const imported = {
  '@nestjs/common': common,
  '@nestjs/core': core,
  async_hooks: asyncHooks,
  'node:crypto': crypto,
  net,
};
const folder = resolve('node_modules/@nestjs/throttler/dist');
const loaded = new Map();

function load(name) {
  if (name in imported) return imported[name];
  const file = resolve(folder, `${name}.js`);
  if (loaded.has(file)) return loaded.get(file).exports;

  const module = { exports: {} };
  loaded.set(file, module);
  const run = new Function('require', 'module', 'exports', readFileSync(file, 'utf8'));
  run(load, module, module.exports);
  return module.exports;
}

export const { InjectThrottlerOptions, InjectThrottlerStorage, SkipThrottle, ThrottlerGuard, ThrottlerModule } =
  load('./index');
