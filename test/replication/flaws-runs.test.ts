/** Flaws F9 to F16 on three servers of ours. */
import { runScenarios } from './scenarios-runs.ts';
import { playAll } from './world.ts';

await playAll(runScenarios);
