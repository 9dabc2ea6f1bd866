/** Whether a file name is that of a project and a version: installers go by the name, indexes by what is inside. */
import { parseWheelName, versionOf } from './filename.ts';
import { normalizeName } from './project-name.ts';
import { isSameVersion } from './version.ts';

/** In whatever spelling: `My_Pkg-1.0.0` is that of `my.pkg` 1.0. */
export function fitsFilename(filename: string, name: string, version: string): boolean {
  const normalized = normalizeName(name);
  const wheel = parseWheelName(filename);
  if (wheel) return normalizeName(wheel.name) === normalized && isSameVersion(wheel.version, version);
  return startsWithProject(filename, normalized) && isSameVersion(versionOf(filename, normalized), version);
}

function startsWithProject(filename: string, normalized: string): boolean {
  for (let at = filename.indexOf('-'); at >= 0; at = filename.indexOf('-', at + 1)) {
    if (normalizeName(filename.slice(0, at)) === normalized) return true;
  }
  return false;
}
