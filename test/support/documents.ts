/** The documents that people read, and their Markdown by the reference implementation of CommonMark. */
import { readFileSync, readdirSync } from 'node:fs';
import { Parser, type Node } from 'commonmark';

/** The paths of the documents that say what is so now, from the top of the repository. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path}`),
].sort();

/** Every node of a text in Markdown, in the order in which they begin. */
export function nodesIn(markdown: string): readonly Node[] {
  const walker = new Parser().parse(markdown).walker();
  const nodes: Node[] = [];
  for (let step = walker.next(); step !== null; step = walker.next())
    if (step.entering) nodes.push(step.node);
  return nodes;
}

/** Every node of a document. */
export const nodesOf = (path: string): readonly Node[] => nodesIn(readFileSync(path, 'utf8'));
