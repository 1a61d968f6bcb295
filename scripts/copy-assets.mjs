// Puts the shell scripts beside the compiled code that loads them.
import { cpSync, readdirSync } from 'node:fs';

for (const entry of readdirSync('src', { recursive: true, withFileTypes: true })) {
  if (entry.isFile() && entry.name.endsWith('.sh')) {
    const from = `${entry.parentPath}/${entry.name}`;
    cpSync(from, from.replace(/^src\//, 'dist/'));
  }
}
