/** `events/`: what happens, as server-sent events; a client that comes back goes on behind the last one it has got. */
import { Readable } from 'node:stream';
import { HttpError, ValidationError } from '../../lib/errors.ts';
import { type EventFilter, type EventRow, eventClock, numberEvents, readEvents } from '../../model/event.ts';
import type { Answer, RequestContext } from '../../plugin-api/contracts/context.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import { presenterFor } from '../engine/presenter.ts';
import type { EventFeed } from './event-feed.ts';
import { presentEvent } from './present-event.ts';

export interface EventStreamParts {
  readonly feed: EventFeed;
  /** Throws HttpError when the account or the token of the caller is gone. */
  readonly visible: (request: RequestContext, events: readonly EventRow[]) => Promise<readonly EventRow[]>;
}

/** Events read at once. */
const BATCH = 200;
/** Milliseconds after which a silent stream says that it lives. */
const SIGN_OF_LIFE = 15_000;
/** Milliseconds after which a stream ends, so that its client logs in anew. */
const LIFE = 300_000;
/** Milliseconds after which a client comes back. */
const RETRY = 2000;

/** Without parts only for the document. */
export function eventsEndpoint(parts?: EventStreamParts): Endpoint {
  return {
    method: 'get',
    path: 'events/',
    operationId: 'events_stream',
    tag: 'Events',
    summary: 'Follow what happens',
    description:
      'Server-sent events of tasks, repository versions, publications, distributions and processes, as far as the caller may see them. ' +
      'The id of each is its place in the log: sent back as Last-Event-ID, the stream goes on behind it.',
    parameters: [
      {
        in: 'query',
        name: 'after',
        schema: { type: 'integer' },
        description: 'As Last-Event-ID, for the first request.',
      },
      {
        in: 'query',
        name: 'types',
        schema: { type: 'string' },
        description: 'Comma list of types, such as task.failed or distribution.*; all without it.',
      },
      { in: 'header', name: 'Last-Event-ID', schema: { type: 'integer' } },
    ],
    output: { 200: { schema: { type: 'string' } } },
    outputMedia: ['text/event-stream'],
    handler: async (request) => streamEvents(request, parts!),
  };
}

async function streamEvents(request: RequestContext, parts: EventStreamParts): Promise<Answer> {
  if (parts.feed.stopping.aborted) throw new HttpError(503, 'The server is about to stop.', { 'Retry-After': '1' });
  const start = await startOf(request);
  const filter: EventFilter = {
    domainId: request.domain.id,
    serverWide: request.user?.isSuperuser === true,
    kinds: (request.query.get('types') ?? '').split(',').filter((kind) => kind !== ''),
  };
  const ended = new AbortController();
  const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(LIFE)]);
  const body = Readable.from(follow(request, parts, filter, start, signal), { objectMode: false });
  body.once('close', () => ended.abort());
  return {
    status: 200,
    body,
    headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' },
  };
}

/** Where to begin; undefined is now. */
async function startOf({ headers, query }: RequestContext): Promise<number | undefined> {
  const sent = headers['last-event-id'] ?? query.get('after') ?? undefined;
  if (sent === undefined || sent === '') return undefined;
  if (typeof sent === 'string' && /^\d{1,15}$/.test(sent)) return Number(sent);
  throw ValidationError.field('after', 'A valid integer is required.');
}

async function* follow(
  request: RequestContext,
  { feed, visible }: EventStreamParts,
  filter: EventFilter,
  start: number | undefined,
  ended: AbortSignal,
): AsyncGenerator<string> {
  const presenter = presenterFor(request.services, request.domain);
  const numbered = await numberEvents(request.db);
  const { last, removed } = await eventClock(request.db);
  let position = start ?? numbered;
  yield `retry: ${RETRY}\n\n`;
  // Of another server, or from before a restore: what it stands for is unknown.
  const unknown = position > Math.max(last, numbered);
  if (position < removed || unknown) {
    position = unknown ? last : removed;
    yield message({
      id: position,
      type: 'reset',
      body: { reason: unknown ? 'unknown position' : 'events were removed' },
    });
  } else {
    // So that a client that hears nothing before its connection breaks still knows where it was.
    yield `id: ${position}\n\n`;
  }
  while (!ended.aborted && !feed.stopping.aborted) {
    const silence = AbortSignal.timeout(SIGN_OF_LIFE);
    const upto = await feed.changed(position, AbortSignal.any([ended, silence]));
    while (position < upto && !ended.aborted) {
      const events = await readEvents(request.db, [position, upto], filter, BATCH);
      for (const event of await visible(request, events)) {
        yield message({ id: event.position, type: event.kind, body: presentEvent(event, presenter) });
      }
      position = events.length < BATCH ? upto : events.at(-1)!.position;
    }
    // What was passed over need not be looked at again after a break.
    if (silence.aborted) yield `: alive\nid: ${position}\n\n`;
  }
}

function message({ id, type, body }: { id: number; type: string; body: object }): string {
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(body)}\n\n`;
}
