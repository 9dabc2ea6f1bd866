/** How much of a package is read, by the settings. */
import { type Services, settingsFor } from '../../../plugin-api/index.ts';
import type { PackageLimits } from '../formats/archives/read-package.ts';
import { pythonSettings } from '../settings.ts';

export function packageLimits(services: Pick<Services, 'settings'>): PackageLimits {
  const { pythonMaxMetadata, pythonMaxUnpacked, pythonMaxUnpackedBzip2 } = settingsFor(services, pythonSettings);
  return { metadata: pythonMaxMetadata, unpacked: pythonMaxUnpacked, unpackedBzip2: pythonMaxUnpackedBzip2 };
}
