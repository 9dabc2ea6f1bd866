/** The settings of the Python type, under the names operators of Pulp know. */
import { boolean, integer, optionalText, pathPrefix } from '../../plugin-api/setting.ts';

export const pythonSettings = {
  pypi_api_hostname: optionalText('Scheme and host of Python indexes; null is the host asked for'),
  pypi_path_prefix: pathPrefix('/pypi/', 'Path below which Python indexes are served; begins and ends with a slash'),
  pypi_page_cache_size: integer(
    128 * 1024 * 1024,
    'Bytes of memory for finished pages of Python indexes, in each process that answers',
  ),
  python_group_uploads: boolean(false, 'Collect uploads that follow each other closely into one version'),
};
