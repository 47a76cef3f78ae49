/**
 * What `npm start` runs: makes sure that this Node can run the rest, then hands over to main.ts.
 * Plain JavaScript, and the only text outside the catalogue, because the catalogue needs the very Node it asks for.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Node ${process.versions.node} is too old to run Brain Factory by itself. Run "npm ci" (with install scripts allowed), then "npm start": that brings Node 24 along.\n` +
      `O Node ${process.versions.node} é antigo demais para o Brain Factory. Rode "npm ci" (com scripts de instalação permitidos) e depois "npm start": isso traz o Node 24 junto.`,
  );
  process.exit(1);
}

await import('./main.ts');
