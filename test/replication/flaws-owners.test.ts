/** Flaws F1 to F8 on three servers of ours. */
import { ownerScenarios } from './scenarios-owners.ts';
import { playAll } from './world.ts';

await playAll(ownerScenarios);
