#!/usr/bin/env node
// What the program starts with. It is no TypeScript, and in the words of Node.js 12, because an old Node.js ends with a SyntaxError
// in the first file that it cannot parse, or where a module of ours asks for a name that it does not have.
'use strict';

const { engines } = require('../../package.json');
const wanted = engines.node.replace('>=', '').split('.').map(Number);
const found = process.versions.node.split('.').map(Number);

/** What versions are compared by: a newer major version is newer, whatever comes behind it. */
const rank = (version) => version[0] * 10000 + (version[1] || 0);

if (rank(found) < rank(wanted)) {
  console.error(
    `outrigger needs Node.js ${wanted.join('.')} or newer, and this is ${process.versions.node} (${process.execPath}).`,
  );
  process.exitCode = 1;
} else {
  import('./main.js');
}
