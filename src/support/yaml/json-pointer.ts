/** The pointer of a child: `childPointer('/groups', 'a/b')` is `/groups/a~1b`. */
export const childPointer = (parent: string, ...segments: readonly (string | number)[]): string =>
  segments.reduce<string>(
    (pointer, segment) =>
      `${pointer}/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`,
    parent,
  );

/** The segments of a pointer, unescaped. */
export const pointerSegments = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The pointer of what holds this value; the root has none. */
export const parentPointer = (pointer: string): string | undefined =>
  pointer === '' ? undefined : pointer.slice(0, pointer.lastIndexOf('/'));
