/** Reads the configuration of the mirror tool bandersnatch: sections of keys, values that may go on in indented lines. */

type IniFile = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What a remote takes over from such a configuration. */
interface MirrorConfig {
  readonly url: string;
  readonly workers: number | null;
  readonly prereleases: boolean;
  readonly includes: readonly string[];
  readonly excludes: readonly string[];
  readonly packageTypes: readonly string[];
  readonly keepLatest: number;
  readonly excludePlatforms: readonly string[];
}

/** Sections with their keys in lower case, which may have colons; throws for a line that is neither. */
function parseIni(text: string): IniFile {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let key: string | undefined;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.replace(/\s+[;#].*$/, '').trimEnd();
    if (line.trim() === '' || /^[;#]/.test(line.trim())) continue;
    const title = /^\[([^\]]+)\]$/.exec(line);
    if (title) {
      section = sections.get(title[1]!) ?? new Map();
      sections.set(title[1]!, section);
      key = undefined;
    } else if (/^\s/.test(line) && section && key)
      section.set(key, `${section.get(key)}\n${line.trim()}`.replace(/^\n/, ''));
    else {
      const pair = /^([^=]+?)\s*=\s*(.*)$/.exec(line);
      if (!pair || !section) throw new Error(`the line '${line}' is not understood`);
      key = pair[1]!.toLowerCase();
      section.set(key, pair[2]!);
    }
  }
  return sections;
}

/** What the tool takes where the configuration says nothing. */
const DEFAULT_WORKERS = 3;

/** What the configuration means for a remote. Throws when it has no `[mirror] master`. */
export function readMirrorConfig(text: string): MirrorConfig {
  const ini = parseIni(text);
  const mirror = ini.get('mirror');
  const url = mirror?.get('master');
  if (!url) throw new Error('[mirror] has no master');
  const enabled = linesOf(ini.get('plugins')?.get('enabled'));
  const has = (name: string) => enabled.includes(name) || enabled.includes('all');
  const workers = Number(mirror?.get('workers') ?? DEFAULT_WORKERS);
  const lists = (plugin: string, section: string, key: string) =>
    has(plugin) ? linesOf(ini.get(section)?.get(key)) : [];
  return {
    url,
    workers: Number.isInteger(workers) && workers > 0 ? workers : null,
    prereleases: !has('prerelease_release'),
    includes: [
      ...lists('allowlist_project', 'allowlist', 'packages'),
      ...lists('allowlist_release', 'allowlist', 'packages'),
    ].filter(isFirst),
    excludes: [
      ...lists('blocklist_project', 'blocklist', 'packages'),
      ...lists('blocklist_release', 'blocklist', 'packages'),
    ].filter(isFirst),
    packageTypes: lists('regex_release_file_metadata', 'regex_release_file_metadata', 'any:release_file.packagetype'),
    keepLatest: has('latest_release') ? Number(ini.get('latest_release')?.get('keep') ?? 0) || 0 : 0,
    excludePlatforms: lists('exclude_platform', 'blocklist', 'platforms'),
  };
}

const isFirst = (value: string, index: number, list: readonly string[]) => list.indexOf(value) === index;

function linesOf(text: string | undefined): string[] {
  return (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
