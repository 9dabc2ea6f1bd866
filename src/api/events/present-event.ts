/** An event as clients get it: the same in streams and in webhooks. */
import type { EventRow } from '../../model/event.ts';
import type { Presenter } from '../../plugin-api/contracts/context.ts';
import { labelOf, type Model, type Models, prn } from '../../plugin-api/declare/model.ts';

interface PresentedEvent {
  readonly id: number;
  readonly type: string;
  readonly time: string;
  /** Name of the domain; null for what concerns the whole server. */
  readonly domain: string | null;
  readonly prn: string | null;
  readonly pulp_href: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What the subject is; undefined for a package type that is not installed. */
export function modelOf(
  models: Models,
  { master, pulp_type }: Pick<EventRow, 'master' | 'pulp_type'>,
): Model | undefined {
  if (master === 'task') return models.byLabel('core.task');
  if (master === 'app_status') return models.byLabel('core.appstatus');
  if (master === 'repository_version') return models.byLabel('core.repositoryversion');
  return models.byType(master, pulp_type);
}

/** `presenter` is that of the event's domain. */
export function presentEvent(event: EventRow, presenter: Presenter): PresentedEvent {
  const { models } = presenter.services;
  const model = modelOf(models, event);
  const { repository, repository_type: repositoryType, ...data } = event.data;
  const holder = typeof repositoryType === 'string' ? models.byType('repository', repositoryType) : undefined;
  const repositoryHref = holder ? presenter.href(labelOf(holder), String(repository)) : undefined;
  return {
    id: event.position,
    type: event.kind,
    time: event.happened_at,
    domain: event.domain_id === null ? null : presenter.domain.name,
    prn: model ? prn(labelOf(model), event.subject) : null,
    pulp_href: hrefOf(event, presenter, model, repositoryHref),
    data: holder
      ? { ...data, repository: repositoryHref, repository_prn: prn(labelOf(holder), String(repository)) }
      : data,
  };
}

function hrefOf(
  event: EventRow,
  presenter: Presenter,
  model: Model | undefined,
  repositoryHref: string | undefined,
): string | null {
  if (event.master === 'repository_version')
    return repositoryHref ? `${repositoryHref}versions/${event.data.number}/` : null;
  // API and content processes have no address of their own.
  if (!model || (event.master === 'app_status' && !event.kind.startsWith('worker.'))) return null;
  return presenter.href(labelOf(model), event.subject);
}
