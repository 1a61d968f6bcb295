import { certificatesStory } from '../certificates-story.ts';

certificatesStory(false);
