/** Where the live index of a distribution is. */
import { type Presenter, settingsFor } from '../../plugin-api/index.ts';
import { pythonSettings } from './settings.ts';

/** Requests know the host they were sent to. */
type Place = Pick<Presenter, 'services' | 'domain'> & { readonly origin?: string };

/** `http://host/pypi/[domain/]path/`; without a host where the settings tell none. */
export function indexUrl({ services, domain, origin }: Place, basePath: string): string {
  const { domainEnabled, contentOrigin } = services.settings;
  const { pypiApiHostname, pypiPathPrefix } = settingsFor(services, pythonSettings);
  const host = (pypiApiHostname ?? origin ?? contentOrigin ?? '').replace(/\/+$/, '');
  return `${host}${pypiPathPrefix}${domainEnabled ? `${domain.name}/` : ''}${basePath}/`;
}
