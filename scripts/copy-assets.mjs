// Puts the shell scripts, and what is no TypeScript, beside the compiled code that loads them.
import { cpSync, readdirSync } from 'node:fs';

for (const entry of readdirSync('src', { recursive: true, withFileTypes: true })) {
  if (entry.isFile() && /\.(sh|cjs|mjs)$/.test(entry.name)) {
    const from = `${entry.parentPath}/${entry.name}`;
    cpSync(from, from.replace(/^src\//, 'dist/'));
  }
}
