/** Builds hrefs and URLs of a domain: what presenting needs to know beside the rows. */
import type { Domain, Presenter, Services } from '../../plugin-api/contracts/context.ts';
import { apiPrefix } from './hrefs.ts';

export function presenterFor(services: Services, domain: Domain): Presenter {
  const { settings, models } = services;
  const prefix = apiPrefix(settings.apiRoot, settings.domainEnabled, domain.name);
  const globalPrefix = apiPrefix(settings.apiRoot, settings.domainEnabled, 'default');
  return {
    services,
    domain,
    apiPrefix: prefix,
    globalPrefix,
    href(label, pulpId) {
      const model = models.byLabel(label);
      if (!model) throw new Error(`no model is named ${label}`);
      return `${model.inDomain === false ? globalPrefix : prefix}${model.path}/${pulpId}/`;
    },
    hrefOfType(master, pulpType, pulpId) {
      const model =
        pulpType === null || pulpType === undefined || pulpId === null ? undefined : models.byType(master, pulpType);
      return model ? `${prefix}${model.path}/${pulpId}/` : null;
    },
    contentUrl(basePath) {
      const inDomain = settings.domainEnabled ? `${domain.name}/` : '';
      return `${settings.contentOrigin ?? ''}${settings.contentPathPrefix}${inDomain}${basePath}/`;
    },
  };
}
