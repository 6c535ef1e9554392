/** `npm start`: makes the clone ready and runs the demonstration. Arguments are handed on to it. */
import './check-node.mjs';

const { bootstrap, root } = await import('./bootstrap.mjs');
const { endWithNpm } = await import('./npm-parent.mjs');
const { join } = await import('node:path');
const { pathToFileURL } = await import('node:url');

bootstrap();
endWithNpm();
// In this very process: no other stands between a signal and the command.
const main = join(root, 'dist', 'cli', 'main.js');
process.argv = [process.execPath, main, 'demo', ...process.argv.slice(2)];
await import(pathToFileURL(main).href);
