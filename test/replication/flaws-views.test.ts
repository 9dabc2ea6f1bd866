/** Flaws F17 to F24 on three servers of ours. */
import { viewScenarios } from './scenarios-views.ts';
import { playAll } from './world.ts';

await playAll(viewScenarios);
