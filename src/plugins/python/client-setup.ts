/** Set-up texts for the clients of an index, to be copied. */
import type { ClientSetup } from '../../plugin-api/index.ts';

/** `baseUrl` is that of the index with a slash at the end. */
export function pythonClientSetup({
  name,
  baseUrl,
}: {
  readonly name: string;
  readonly baseUrl: string;
}): ClientSetup[] {
  const host = URL.parse(baseUrl)?.host ?? '';
  const insecure = baseUrl.startsWith('http:') ? `trusted-host = ${host}\n` : '';
  return [
    { client: 'pip', file: '~/.config/pip/pip.conf', text: `[global]\nindex-url = ${baseUrl}simple/\n${insecure}` },
    {
      client: 'uv',
      file: 'pyproject.toml',
      text: `[[tool.uv.index]]\nname = "${name}"\nurl = "${baseUrl}simple/"\npublish-url = "${baseUrl}legacy/"\ndefault = true\n`,
    },
    {
      client: 'poetry',
      text: `poetry source add --priority=primary ${name} ${baseUrl}simple/\npoetry config repositories.${name} ${baseUrl}legacy/\n`,
    },
    {
      client: 'pdm',
      text: `pdm config pypi.url ${baseUrl}simple/\npdm config repository.${name}.url ${baseUrl}legacy/\n`,
    },
    {
      client: 'twine',
      file: '~/.pypirc',
      text: `[distutils]\nindex-servers = ${name}\n\n[${name}]\nrepository = ${baseUrl}legacy/\n`,
    },
  ];
}
