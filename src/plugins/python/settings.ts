/** The settings of the Python type, under the names operators of Pulp know. */
import { boolean, integer, optionalText, pathPrefix } from '../../plugin-api/declare/setting.ts';

export const pythonSettings = {
  pypi_api_hostname: optionalText('Scheme and host of Python indexes; null is the host asked for'),
  pypi_path_prefix: pathPrefix('/pypi/', 'Path below which Python indexes are served; begins and ends with a slash'),
  python_max_metadata: integer(16 * 1024 * 1024, 'Bytes of the longest metadata file in a package that is read'),
  python_max_unpacked: integer(
    2 * 1024 ** 3,
    'An archive is searched for its metadata no further than this many unpacked bytes',
  ),
  python_max_unpacked_bzip2: integer(512 * 1024 ** 2, 'The same for .tar.bz2, which takes far longer to unpack'),
  python_group_uploads: boolean(false, 'Collect uploads that follow each other closely into one version'),
};
