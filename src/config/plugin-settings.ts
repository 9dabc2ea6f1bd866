/** Settings that concern one package type each, under the names operators of Pulp know. */
import { boolean, choice, integer, list, optionalText, text } from './setting.ts';

const container = {
  token_auth_disabled: boolean(false, 'Registry clients log in with Basic instead of tokens'),
  token_server: text('', 'Address of the token service; empty is /token/ on the host asked for'),
  token_signature_algorithm: choice(
    'ES256',
    ['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512'],
    'How tokens are signed',
  ),
  token_expiration_time: integer(300, 'Seconds a registry token is valid', { minimum: 60 }),
  public_key_path: text('', 'File of the public key of registry tokens; empty keeps a generated one'),
  private_key_path: text('', 'File of the private key of registry tokens; empty keeps a generated one'),
  flatpak_index: boolean(false, 'Serve the Flatpak index'),
};

const python = {
  pypi_api_hostname: optionalText('Scheme and host of Python indexes; null is the host asked for'),
  pypi_path_prefix: text('/pypi/', 'Path below which Python indexes are served'),
  python_group_uploads: boolean(false, 'Collect uploads that follow each other closely into one version'),
};

const rpm = {
  keep_changelog_limit: integer(10, 'Changelog entries kept per RPM package'),
  allow_automatic_unsafe_advisory_conflict_resolution: boolean(false, 'Settle conflicts of advisories by date'),
  default_uln_server_base_url: text('https://linux-update.oracle.com/', 'Unbreakable Linux Network'),
  rpm_metadata_use_repo_package_time: boolean(false, 'Take package times in metadata from the upstream repository'),
  nocache_list: list(
    ['repomd.xml', 'repomd.xml.asc', 'repomd.xml.key'],
    'Published files that clients must ask for anew',
  ),
  prune_workers_max: integer(5, 'Parallel tasks of one pruning', { minimum: 1 }),
  max_package_signing_workers: integer(5, 'Packages of one repository signed in parallel', { minimum: 1 }),
  rpm_signing_copy_labels: boolean(true, 'Signed packages keep the labels of the unsigned ones'),
  solver_debug_logs: boolean(false, 'Write the decisions of dependency solving to the log'),
};

const deb = {
  apt_by_hash: boolean(false, 'Publish indexes by hash too'),
  forbidden_checksum_warnings: boolean(true, 'Warn about indexes that only have forbidden checksums'),
  force_ignore_missing_package_indices: boolean(false, 'Never fail for a missing package index'),
  permissive_sync: boolean(false, 'Accept Release files with misspelt fields'),
  structured_empty_repo_distribution: text('default', 'Distribution published for an empty repository'),
  structured_empty_repo_component: text('empty', 'Component published for an empty repository'),
  structured_empty_repo_architectures: list(['all'], 'Architectures published for an empty repository'),
  excluded_package_metadata_fields: list([], 'Fields left out of package indexes'),
};

export const pluginSettings = { ...container, ...python, ...rpm, ...deb };
