/**
 * What `npm start` runs: makes sure that this Node can run the rest, lets it remember what it compiled, then hands over to
 * main.ts.
 * Plain JavaScript, and the only text outside the catalogue, because the catalogue needs the very Node it asks for.
 */
import module from 'node:module';
import path from 'node:path';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Node ${process.versions.node} is too old to run Brain Factory by itself. Run "npm ci" (with install scripts allowed), then "npm start": that brings Node 24 along.\n` +
      `O Node ${process.versions.node} é antigo demais para o Brain Factory. Rode "npm ci" (com scripts de instalação permitidos) e depois "npm start": isso traz o Node 24 junto.`,
  );
  process.exit(1);
}

// From the second start on Node finds our TypeScript already compiled: a quicker start, and the compiler for it (25 MB a
// process) is never loaded. The worker finds the folder by the environment. Where it cannot be written, nothing is kept.
process.env.NODE_COMPILE_CACHE ??= path.join(import.meta.dirname, '..', 'node_modules', '.cache', 'brain-factory');
module.enableCompileCache(process.env.NODE_COMPILE_CACHE);

await import('./main.ts');
// Otherwise it is written when the process ends, which a killed one never does in order.
module.flushCompileCache();
