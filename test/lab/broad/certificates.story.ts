import { certificatesStory } from '../certificates-story.ts';

certificatesStory(true); // full/certificates.story.ts: with fencing off
