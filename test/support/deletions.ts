import type { Target } from '../../src/pacemaker/procedures/edit.ts';

/** The targets of a deletion, from its XPath: the reverse of `deleteXPath`, for what has no `within`. */
export const targetsOf = (xpath: string): Target[] =>
  xpath.split('|').flatMap((step) => {
    const name = /^\/\/(\w+)\[/.exec(step)?.[1] ?? step;
    return [...step.matchAll(/@id='([^']*)'/g)].map(([, id = '']) => ({ element: name, id }));
  });
