import type { HostFacts } from '../model/facts.ts';
import { DEBIAN } from './debian.ts';
import type { Platform } from './platform.ts';
import { RHEL } from './rhel.ts';

const PLATFORMS: readonly Platform[] = [DEBIAN, RHEL];

/** The platform of a host; undefined: one that outrigger does not know. The first that matches wins. */
export const platformOf = (facts: HostFacts): Platform | undefined =>
  PLATFORMS.find((platform) => platform.matches(facts));
