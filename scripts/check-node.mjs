// Plain syntax and no imports: an old Node must be able to read this file to say that it is too old.
var wanted = [20, 20];
var found = process.versions.node.split('.').map(Number);
if (found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1])) {
  console.error(
    'Ratchet needs Node ' +
      wanted.join('.') +
      ' or newer, found ' +
      process.versions.node +
      ' (' +
      process.execPath +
      ').\nInstall a newer one from https://nodejs.org or with your version manager, for example `nvm install 22`.',
  );
  process.exit(2);
}
