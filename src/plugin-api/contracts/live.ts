/** Protocols of package clients on the host of the API, such as an index that takes uploads: outside the REST API, below a prefix. */
import type { Settings } from '../../config/settings.ts';
import type { TempArtifact } from '../../storage/artifact-store.ts';
import type { AccessDeclaration } from '../declare/access.ts';
import type { ExtraOperation } from '../declare/extra-operation.ts';
import type { Values } from '../declare/field.ts';
import type { CreateObject, DispatchedTask, Domain, Presenter, Services, TaskRequest, User } from './context.ts';
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

/** A request of a package client to a live protocol, with what its handler may ask the server for. */
export interface LiveRequest {
  readonly services: Services;
  /** HEAD comes as GET. */
  readonly method: string;
  /** Below the prefix, as sent, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The whole URL as sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** `http://host` as the client sees it. */
  readonly origin: string;
  readonly signal: AbortSignal;
  domain(name: string): Promise<Domain | undefined>;
  /** The distribution whose base path is the start of a decoded path. */
  find(domainName: string, path: string): Promise<LiveDistribution | undefined>;
  presenter(domain: Domain): Presenter;
  /** Who asks, null for nobody. Throws HttpError 401 for wrong credentials. */
  user(): Promise<User | null>;
  /** Who asks, if the policy of that name (`pypi/legacy`) lets them; else HttpError 401 or 403. */
  authorize(policy: string, action: string, distribution: ServedDistribution): Promise<User | null>;
  /** Throws HttpError or ValidationError for one that cannot be read. */
  body(domain: Domain): Promise<LiveBody>;
  /** Makes an artifact of a file of the body; its id on the wire. */
  keepFile(domain: Domain, file: LiveFile): Promise<string>;
  dispatch(domain: Domain, user: User | null, task: Omit<TaskRequest, 'domain' | 'userId'>): Promise<DispatchedTask>;
  /** Makes an object at once, such as the repository a client pushes into: see `CreateObject`. */
  create(domain: Domain, user: User | null, ...object: Parameters<CreateObject>): ReturnType<CreateObject>;
}

/** What a live protocol answers. */
export interface LiveAnswer {
  readonly status: number;
  /** Instead of the usual reason phrase; some clients read it. */
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, bytes, pieces of them, or anything else as JSON. */
  readonly body?: unknown;
}

/** A live protocol of a package type. */
export interface LiveApi {
  /** `/pypi/`: with slashes at both ends. */
  prefix(settings: Settings): string;
  /** Access policies by name, with statements in short form (see access.ts): `pypi/legacy`. */
  readonly policies: Readonly<Record<string, Pick<AccessDeclaration, 'statements'>>>;
  /** What the document of the API tells of it. */
  readonly operations: readonly ExtraOperation[];
  /** HttpError and ValidationError become answers as in the REST API. */
  handle(request: LiveRequest): Promise<LiveAnswer>;
}
