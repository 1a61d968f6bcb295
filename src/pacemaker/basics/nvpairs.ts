import { child, children, type XmlElement } from './xml.ts';

/** A name's value in force, and where it is written. */
export interface Setting {
  readonly value: string;
  readonly nvpairId: string | undefined;
  readonly blockId: string | undefined;
  /** Written in a template or in a block shared through `id-ref`: not ours to change in place. */
  readonly inherited: boolean;
}

export type Settings = ReadonlyMap<string, Setting>;

export type ById = ReadonlyMap<string, XmlElement>;

interface Block {
  readonly content: XmlElement;
  readonly inherited: boolean;
}

/** Follows an `id-ref`, once: the schema allows no chains. */
const resolve = (reference: XmlElement, byId: ById): XmlElement =>
  byId.get(reference.attributes['id-ref'] ?? '') ?? reference;

/** What `INFINITY` stands for; a number beyond it is the same to Pacemaker (3.0.0 lib/common/scores.c, pcmk_parse_score). */
const INFINITY = 1_000_000;

const scoreOf = (block: Block): number => {
  const text = block.content.attributes['score'] ?? '0';
  if (/^\+?INFINITY$/i.test(text)) return INFINITY;
  if (/^-INFINITY$/i.test(text)) return -INFINITY;
  return Math.max(-INFINITY, Math.min(INFINITY, Number.parseInt(text, 10) || 0));
};

/** Only blocks that always apply: one with a rule may or may not, which only Pacemaker can tell. */
const unconditional = (block: Block): boolean => child(block.content, 'rule') === undefined;

const blocksOf = (owner: XmlElement, kind: string, byId: ById): readonly Block[] =>
  children(owner, kind).map((block) => ({
    content: resolve(block, byId),
    inherited: block.attributes['id-ref'] !== undefined,
  }));

/**
 * The settings in force among an element's blocks of one kind (`meta_attributes`, `instance_attributes`,
 * `cluster_property_set`). Of several blocks the highest score wins, and between equals the one written later: seen
 * with `crm_resource --get-parameter` of 2.1.5, 3.0.0 and 3.0.3, also for two blocks of score INFINITY.
 * Blocks for which `skip` holds are left out.
 */
export function settings(
  owner: XmlElement,
  kind: string,
  byId: ById,
  skip: (blockId: string) => boolean = () => false,
): Settings {
  const found = new Map<string, Setting>();
  const ranked = blocksOf(owner, kind, byId)
    .filter((block) => unconditional(block) && !skip(block.content.attributes['id'] ?? ''))
    .sort((one, other) => (scoreOf(one) === scoreOf(other) ? 0 : scoreOf(one) - scoreOf(other)));
  for (const { content, inherited } of ranked) {
    for (const reference of children(content, 'nvpair')) {
      const nvpair = resolve(reference, byId);
      const { name, value, id } = nvpair.attributes;
      if (name === undefined || value === undefined) continue;
      found.set(name, {
        value,
        nvpairId: id,
        blockId: content.attributes['id'],
        inherited: inherited || nvpair !== reference,
      });
    }
  }
  return found;
}

/** The same settings, seen from a primitive that takes them over from its template. */
export const asInherited = (from: Settings): Settings =>
  new Map([...from].map(([name, setting]) => [name, { ...setting, inherited: true }]));

/** An element's own block of that kind to which a setting may be added: not shared, without rule, not ours for a while. */
export const ownBlock = (
  owner: XmlElement,
  kind: string,
  skip: (blockId: string) => boolean,
): XmlElement | undefined =>
  children(owner, kind).find(
    (block) =>
      block.attributes['id'] !== undefined &&
      child(block, 'rule') === undefined &&
      !skip(block.attributes['id']),
  );

/** One of the places where a setting is written. */
export interface Written {
  readonly value: string;
  readonly nvpairId: string | undefined;
  readonly blockId: string | undefined;
  readonly inherited: boolean;
  /** It applies only when the rule of its block does. */
  readonly hasRule: boolean;
}

/**
 * Every place where a primitive's setting of that name is written, its template's included, whether in force or not:
 * for what can be changed only where there is no doubt.
 */
export function writtenAt(
  primitive: XmlElement,
  kind: string,
  name: string,
  byId: ById,
): readonly Written[] {
  const template = byId.get(primitive.attributes['template'] ?? '');
  const inherited = template === undefined ? [] : blocksOf(template, kind, byId);
  return [
    ...blocksOf(primitive, kind, byId),
    ...inherited.map(({ content }) => ({ content, inherited: true })),
  ].flatMap(({ content, inherited: isShared }) =>
    children(content, 'nvpair').flatMap((reference): Written[] => {
      const nvpair = resolve(reference, byId);
      const { value, id } = nvpair.attributes;
      if (nvpair.attributes['name'] !== name || value === undefined) return [];
      return [
        {
          value,
          nvpairId: id,
          blockId: content.attributes['id'],
          inherited: isShared || nvpair !== reference,
          hasRule: child(content, 'rule') !== undefined,
        },
      ];
    }),
  );
}
