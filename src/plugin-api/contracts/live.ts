/**
 * Protocols of package clients outside the REST API: an index that takes uploads, a registry, a place to deploy to. A type has any
 * number of them, each below prefixes of its own, at the root of the server if it wants.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Settings } from '../../config/settings.ts';
import type { Digests } from '../../lib/crypto/digest.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { AccessDeclaration } from '../declare/access.ts';
import type { ExtraOperation } from '../declare/extra-operation.ts';
import type { Values } from '../declare/field.ts';
import type { ContentTools } from './content-tools.ts';
import type {
  CreateObject,
  DispatchedTask,
  Domain,
  OwnTaskRequest,
  Presenter,
  RequestContext,
  Services,
  User,
} from './context.ts';
import type { DistributionState } from './kept.ts';
import type { ServedDistribution } from './serve.ts';

/** A distribution with an identity of everything its answers depend on: two requests that see the same state get the same answers. */
export interface LiveDistribution extends ServedDistribution {
  readonly state: string;
}

/** A body as forms and JSON give it; files wait in the store of the domain and are discarded after the answer unless kept. */
export interface LiveBody {
  readonly values: Values;
  readonly isForm: boolean;
}

/** A file in a body. */
export interface LiveFile {
  readonly filename: string;
  readonly temp: TempArtifact;
}

/** How a body is read as it comes. */
export interface RawBodyOptions {
  /** Bytes after which the request is refused with 413. Default: the setting max_body_size; null: as many as the storage takes. */
  readonly maxBytes?: number | null;
  /**
   * Undoes a Content-Encoding (gzip, deflate, zstd) of the body; the bound holds for what comes out. Other codings are refused
   * with 415.
   */
  readonly decode?: boolean;
}

/** What a policy is asked about: a distribution, a repository, or only the domain in which something is to be made. */
export type LiveSubject =
  | ServedDistribution
  | {
      readonly domain: Domain;
      readonly repository?: { readonly pulpId: string; readonly pulpType: string };
    };

/** The accounts of the server, for protocols with ways of their own to say who asks. */
export interface LiveAccounts {
  /** Who sends this request by the ways of the REST API, null for nobody. Throws HttpError 401 for wrong credentials. */
  ofRequest(): Promise<User | null>;
  /** The active account of that name with that password (an API token counts as one). Throws HttpError 429 after too many wrong ones. */
  byPassword(username: string, password: string): Promise<User | null>;
  /** The active account of a name, such as a token of the type's own has it. */
  byName(username: string): Promise<User | null>;
  /** The active account of an id, such as a row of the type's own names it. */
  byId(id: number): Promise<User | null>;
  /** Makes an API token of a user in place of one of that name, and answers it. Throws HttpError 403 for who is known by a token only. */
  makeToken(user: User, token: { readonly name: string; readonly expiresAt?: Date | null }): Promise<string>;
  /** Ends an API token of a user; whether there was one. */
  endToken(user: User, token: string): Promise<boolean>;
}

/** The request itself. */
export interface LiveMessage {
  /** As sent, but for HEAD, which comes as GET unless a route takes HEAD itself. */
  readonly method: string;
  /** The client wants the head of the answer only. No body is sent, whatever the answer has. */
  readonly isHead: boolean;
  /** The prefix of the API that the URL begins with. */
  readonly prefix: string;
  /** Below the prefix, as sent, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The whole URL as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** `http://host` as the client sees it. */
  readonly origin: string;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** Who asks, and what they may do. */
export interface LiveCaller {
  readonly accounts: LiveAccounts;
  /** The authenticated user, null for nobody. Throws HttpError 401 for wrong credentials. */
  user(): Promise<User | null>;
  /**
   * The authenticated user, if the policy of that name (`pypi/legacy`) lets them do the action. Without a subject the default domain is
   * asked about. Throws HttpError 401 or 403.
   */
  authorize(policy: string, action: string, subject?: LiveSubject): Promise<User | null>;
}

/** What the request is about. */
export interface LivePlace {
  domain(name: string): Promise<Domain | undefined>;
  /** The distribution whose base path is the start of a decoded path. */
  find(domainName: string, path: string): Promise<LiveDistribution | undefined>;
  /** Throws HttpError 403 where the content guard of the distribution refuses the request; `path` begins with its base path. */
  checkGuard(distribution: LiveDistribution, path: string): Promise<void>;
  /**
   * The answers that are kept of a distribution, as it was found. To be called at once after `find`, before anything else is waited for, so
   * that the order of the calls is that of the states.
   */
  kept(distribution: LiveDistribution): Promise<DistributionState>;
}

/** The body of the request, which is read when it is asked for. */
export interface LiveBodies {
  /** A form or JSON. Throws HttpError or ValidationError for one that cannot be read. */
  body(domain: Domain): Promise<LiveBody>;
  /**
   * The body as it comes, of any media type, in any method; to be read once. A client that waits for `100 Continue` hears it at the first
   * read. Throws HttpError 400 for a body that is cut off, 408 for one that stops coming, 413 beyond the bound.
   */
  stream(options?: RawBodyOptions): AsyncIterable<Uint8Array>;
  /** The whole body, of any media type. Throws what `stream` throws. */
  bytes(options?: RawBodyOptions): Promise<Buffer>;
  /**
   * Takes the body into the store of the domain, hashing on the way; discarded after the answer unless kept. Throws what `stream` throws,
   * DigestMismatch and SizeMismatch (400), StorageFull (507).
   */
  receive(
    domain: Domain,
    options?: RawBodyOptions & { readonly expected?: { readonly size?: number; readonly digests?: Digests } },
  ): Promise<TempArtifact>;
}

/** What a protocol has the server do. */
export interface LiveWork {
  readonly services: Services;
  presenter(domain: Domain): Presenter;
  /** Receives bytes, which are discarded after the answer unless they were saved, and saves units and artifacts at once. */
  content(domain: Domain): ContentTools;
  /** The request as actions of the REST API see it, for what they offer. */
  context(domain: Domain): Promise<RequestContext>;
  /** Makes an artifact of received bytes; its id on the wire. */
  keepFile(domain: Domain, file: Pick<LiveFile, 'temp'>): Promise<string>;
  dispatch(domain: Domain, user: User | null, task: OwnTaskRequest): Promise<DispatchedTask>;
  /** Makes an object at once, such as the repository a client pushes into: see `CreateObject`. */
  create(domain: Domain, user: User | null, ...object: Parameters<CreateObject>): ReturnType<CreateObject>;
}

/** A request as it is given to a live protocol; what costs something is done when it is asked for. */
export interface LiveRequest extends LiveMessage, LiveCaller, LivePlace, LiveBodies, LiveWork {}

/** An answer that the protocol makes itself. */
export interface LiveTextAnswer {
  readonly status: number;
  /** Instead of the usual reason phrase; some clients read it. */
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Text, bytes, pieces of them as an async iterable, or anything else as JSON. A KeptBody (of `kept`, or made by `validated`) is sent
   * with its validator, by the conditions of the request (also by a header Last-Modified of the answer) and in a coding that the client
   * takes, with `Cache-Control: no-cache` unless the answer says otherwise.
   */
  readonly body?: unknown;
}

/** Stored bytes, sent as the content app sends them: with ranges, conditions, and from upstream where they are not here yet. */
export interface LiveFileAnswer {
  readonly file:
    | { readonly artifact: string }
    | { readonly contentArtifact: number; readonly distribution: LiveDistribution };
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a protocol answers. */
export type LiveAnswer = LiveTextAnswer | LiveFileAnswer;

/** Something thrown, with what the REST API would answer. */
export interface LiveFailure {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** The detail in words, as far as it is meant for clients. */
  readonly message: string;
  readonly error: unknown;
}

/** Values of the names in braces of a route. */
export type LiveParams = Readonly<Record<string, string>>;

/** A path of a protocol, with what answers it. */
export interface LiveRoute {
  /** `PUT`. GET takes HEAD too, unless the path has a route for HEAD. */
  readonly method: string;
  /**
   * Below a prefix: `{pulp_domain}/{name+}/blobs/{digest}`. A name in braces is one part of the path, with `+` one or more; `[/]` at the
   * end is a slash that may be left out. `{pulp_domain}/` is left out where domains are off (the value is `default`). Values are decoded;
   * what has `.` or `..` for a part fits no route. The first route that fits is taken.
   */
  readonly path: string;
  handle(request: LiveRequest, params: LiveParams): Promise<LiveAnswer>;
}

/** A protocol: where it is, who may do what, and what answers. */
export interface LiveApi {
  /** Where its URLs begin, each with a slash at both ends: `/pypi/`, `/v2/`. No other protocol and nothing of the core may be there. */
  prefixes(settings: Settings): readonly string[];
  /** The processes that answer it (default: those of the API). */
  readonly at?: 'api' | 'content' | 'both';
  /** Access policies by name, with statements in short form (see access.ts): `pypi/legacy`. */
  readonly policies?: Readonly<Record<string, Pick<AccessDeclaration, 'statements'>>>;
  /** What the document of the API tells of it. */
  readonly operations?: readonly ExtraOperation[];
  /** Who sends a request, null for nobody. Default: by the ways of the REST API. Throws HttpError 401 for wrong credentials. */
  authenticate?(request: LiveRequest): Promise<User | null>;
  /** `WWW-Authenticate` of answers with 401; default: Basic. */
  challenge?(request: LiveRequest): string;
  /** The answer to something thrown; default: as in the REST API. */
  error?(failure: LiveFailure, request: LiveRequest): LiveTextAnswer;
  /** Asked in order; a path that fits none is left to `handle`, or is a 404. */
  readonly routes?: readonly LiveRoute[];
  /** HttpError and ValidationError become answers. */
  handle?(request: LiveRequest): Promise<LiveAnswer>;
}
