/** Signing of files by the programs an operator has added as signing services (core.md §7.5). */
import { dirname } from 'node:path';
import { PulpError } from '../../lib/errors.ts';
import { correlationId } from '../../lib/process/correlation.ts';
import { runProgram } from '../../lib/process/run-program.ts';
import { findSigningService, type SigningService } from '../../model/signing-service.ts';
import type { Services } from '../contracts/context.ts';

/** What the core checks signatures of: a detached one in ASCII. */
export const DETACHED = 'core:AsciiArmoredDetachedSigningService';

/** A further class of signing services: how one is tried out when it is added. Throws when what it makes is not a signature. */
export interface SigningClass {
  /** `deb:AptReleaseSigningService` */
  readonly name: string;
  check(answer: Readonly<Record<string, unknown>>, tools: SigningTools): Promise<void>;
}

/** What a class of signing services is given to try out a service. */
export interface SigningTools {
  /** The file that was signed. */
  readonly file: string;
  /** Throws unless a good signature by the service's key is in `signature`: of `file` where it is told, else of its own text. */
  verify(signed: { readonly signature: string; readonly file?: string }): Promise<void>;
}

/** How a signing program is run. */
export interface SignOptions {
  readonly signal?: AbortSignal;
  /** Further variables of the environment of the program. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Names of files the program has made beside the signed one; of the core's class `file` and `signature`. */
export type SigningAnswer = Readonly<Record<string, unknown>>;

/** Signs a local file by a service named by its id on the wire. Throws PulpError when there is none, or when it fails. */
export async function signFile(
  services: Pick<Services, 'db'>,
  serviceId: string,
  file: string,
  options: SignOptions = {},
): Promise<SigningAnswer> {
  const service = await findSigningService(services.db, serviceId);
  if (!service) throw new PulpError('PLP0021', 'The signing service has been removed.');
  return await runSigningScript(service, file, options);
}

/** Signs a local file by a service that need not be in the database yet. Throws PulpError when its program fails. */
export async function runSigningScript(
  { name, script, fingerprint }: Omit<SigningService, 'pulpId'>,
  file: string,
  { signal, env }: SignOptions = {},
): Promise<SigningAnswer> {
  const own = { PULP_SIGNING_KEY_FINGERPRINT: fingerprint, CORRELATION_ID: correlationId() ?? '' };
  const { code, stdout, stderr } = await runProgram(script, [file], {
    cwd: dirname(file),
    env: { ...foreignEnvironment(), ...env, ...own },
    ...(signal && { signal }),
  });
  if (code !== 0)
    throw new PulpError('PLP0021', `The signing service ${name} failed with exit code ${code}: ${lastLine(stderr)}`);
  try {
    const answer: unknown = JSON.parse(stdout);
    if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) return answer as SigningAnswer;
  } catch {
    // told below
  }
  throw new PulpError('PLP0021', `The signing service ${name} did not answer a JSON object: ${lastLine(stdout)}`);
}

/** The settings of the server, which have passwords among them, are not for scripts. */
function foreignEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(DECKLE|PULP)_/.test(name)));
}

const lastLine = (text: string) => text.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
