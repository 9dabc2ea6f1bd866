/** Whether a certificate was issued to the publisher that a provenance document names. */
import type { Signer } from '@sigstore/verify';
import { missingKey, type Publisher } from '../formats/publisher.ts';

type Identity = NonNullable<Signer['identity']>;

/** Claims that the authority of the signature service writes into certificates. */
const FULCIO = '1.3.6.1.4.1.57264.1';
const CLAIMS = {
  plainIssuer: `${FULCIO}.1`,
  issuer: `${FULCIO}.8`,
  source: `${FULCIO}.12`,
  commit: `${FULCIO}.13`,
  ref: `${FULCIO}.14`,
  config: `${FULCIO}.18`,
} as const;
type Claim = keyof typeof CLAIMS;
type Told = Readonly<Record<string, string>>;

/** What the certificate has to say: a text, or one of several. */
type Expected = Readonly<Partial<Record<Claim | 'name', string | readonly string[]>>>;

const EXPECTED: Readonly<Record<string, (told: Told, identity: Identity) => Expected>> = {
  GitHub: ({ repository, workflow }, identity) => ({
    issuer: 'https://token.actions.githubusercontent.com',
    source: `https://github.com/${repository}`,
    config: atAnyState(`https://github.com/${repository}/.github/workflows/${workflow}`, identity),
  }),
  GitLab: ({ repository, workflow_filepath: path }, identity) => ({
    issuer: 'https://gitlab.com',
    source: `https://gitlab.com/${repository}`,
    config: atAnyState(`https://gitlab.com/${repository}//${path}`, identity),
  }),
  Google: ({ email }) => ({ plainIssuer: 'https://accounts.google.com', name: email! }),
};

/** The file of a workflow is certified in the state it was in, which no publisher names. */
function atAnyState(url: string, identity: Identity): string[] {
  const states = [claimOf(identity, 'commit'), claimOf(identity, 'ref')];
  return states.flatMap((state) => (state === undefined ? [] : [`${url}@${state}`]));
}

/** What tells the certificate and the publisher apart; undefined when it is theirs, and for kinds of which nothing is known. */
export function publisherMismatch(publisher: Publisher, identity: Identity): string | undefined {
  const { kind } = publisher;
  if (!Object.hasOwn(EXPECTED, kind)) return undefined;
  const missing = missingKey(publisher);
  if (missing) return `the publisher of the kind ${kind} has no ${missing}`;
  for (const [what, wanted] of Object.entries(EXPECTED[kind]!(publisher as unknown as Told, identity))) {
    const found = what === 'name' ? identity.subjectAlternativeName : claimOf(identity, what as Claim);
    if (found === undefined || ![wanted].flat().includes(found))
      return `the certificate was not issued to the publisher: its ${what} is ${found ?? 'missing'}, not ${[wanted].flat().join(' or ')}`;
  }
  return undefined;
}

function claimOf({ oids }: Identity, claim: Claim): string | undefined {
  const bytes = oids?.find(({ oid }) => oid?.id.join('.') === CLAIMS[claim])?.value;
  return bytes && (claim === 'plainIssuer' ? bytes.toString('utf8') : utf8String(bytes));
}

/** A DER encoded UTF8String, which fills the bytes. */
function utf8String(bytes: Buffer): string | undefined {
  const [tag, first = 0] = bytes;
  const more = first > 127 ? first - 128 : 0;
  if (tag !== 0x0c || more > 2 || bytes.length < 2 + more) return undefined;
  const text = bytes.subarray(2 + more);
  return text.length === (more === 0 ? first : bytes.readUIntBE(2, more)) ? text.toString('utf8') : undefined;
}
