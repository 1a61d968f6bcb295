import { posix } from 'node:path';

/** What a path in an inventory is relative to; both absolute. */
export interface PathBase {
  /** The folder of the inventory. */
  readonly directory: string;
  /** What `~/` stands for. */
  readonly home: string;
}

/** The same, and where something stands in the inventory: `FILE:LINE:COLUMN` of a JSON pointer. */
export interface PlaceBase extends PathBase {
  readonly placeOf: (pointer: string) => string;
}

/** The absolute path of a file that an inventory names. */
export function absolutePath(path: string, { directory, home }: PathBase): string {
  return path.startsWith('~/') ? posix.join(home, path.slice(2)) : posix.resolve(directory, path);
}
