/** Versions of components that this program is compatible with: reported by the status, and compared with those that tasks ask for. */

/** The peer release whose API and task names this program has. */
export const componentVersions: Readonly<Record<string, string>> = {
  core: '3.123.1',
};
