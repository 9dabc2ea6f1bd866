/** Content guards as those who write them see them: a type with the function that lets a request pass or says why not. */
import type { IncomingMessage } from 'node:http';
import type { Values } from '../declare/field.ts';
import type { Domain, Services } from './context.ts';

/** A row of a guard. */
export interface Guard {
  readonly pulpId: string;
  readonly pulpType: string;
  readonly name: string;
  readonly domain: Domain;
  /** Fields declared with `detail`. */
  readonly details: Values;
  /** Encrypted, as the column holds it. */
  readonly secrets: string | null;
}

/** A request for guarded content. */
export interface GuardedRequest {
  readonly message: IncomingMessage;
  /** As sent, with the query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Decoded path below the content prefix and the domain, without a slash at its start. */
  readonly path: string;
}

/** Undefined lets the request pass; a text is the reason of the refusal, which the client is told. */
export type GuardVerdict = string | undefined;

/** How a type of guards decides whether a request passes. */
export interface GuardType {
  readonly pulpType: string;
  /** Asked at every request: what is costly has to be remembered by the type. */
  check(services: Services, guard: Guard, request: GuardedRequest): Promise<GuardVerdict> | GuardVerdict;
}

/** The value of a header that is sent once; several are joined as HTTP does it. */
export function headerOf(request: Pick<GuardedRequest, 'headers'>, name: string): string | undefined {
  const value = request.headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(', ') : value;
}
