// Lets Node import TypeScript: `node --import <this file> program.ts`. Programs in other processes need it, and so does Jest's
// global set-up, to which Jest applies neither its module names nor ES modules.
import { registerHooks } from './register-hooks.js';

await registerHooks(import.meta.resolve('./typescript-hooks.js'));
