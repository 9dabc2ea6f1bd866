/** Signatures on the wire: alone, and within the part of a key they are about. */
import {
  boolean,
  datetime,
  type Field,
  list,
  nested,
  type Presenter,
  type Row,
  sql,
  string,
} from '../../plugin-api/index.ts';

const DAY = 86_400;

/** Keys and signatures know whole seconds only. */
export const isoTime = (value: unknown) =>
  value === null ? null : new Date(value as Date).toISOString().replace('.000Z', 'Z');

/** `[D ]HH:MM:SS` */
export function duration(seconds: unknown): string | null {
  if (seconds === null || seconds === undefined) return null;
  const all = Number(seconds);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const time = `${two((all % DAY) / 3600)}:${two((all % 3600) / 60)}:${two(all % 60)}`;
  return all >= DAY ? `${Math.floor(all / DAY)} ${time}` : time;
}

function isPast(from: unknown, seconds: unknown): boolean {
  return new Date(from as string | Date).getTime() + Number(seconds) * 1000 < Date.now();
}

/** null without an end. */
const expired = (row: Row) =>
  row.expiration_time === null || row.created === null ? null : isPast(row.created, row.expiration_time);

/** Told of subkeys only, as clients know it. */
function keyExpired(row: Row): boolean | null {
  if (row.subkey_created === null || row.subkey_created === undefined) return null;
  return row.key_expiration_time !== null && isPast(row.subkey_created, row.key_expiration_time);
}

export const signatureFields: Record<string, Field> = {
  issuer: string({ help: 'Id of the key it was made with.', nullable: true, required: false, maxLength: 16 }),
  created: datetime({ help: 'When it was made.', required: true, read: (row) => isoTime(row.created) }),
  expiration_time: string({
    help: 'How long it holds.',
    nullable: true,
    required: false,
    read: (row) => duration(row.expiration_time),
  }),
  signers_user_id: string({ help: 'The user id it was made as.', nullable: true, required: false }),
  key_expiration_time: string({
    help: 'How long the key holds.',
    nullable: true,
    required: false,
    read: (row) => duration(row.key_expiration_time),
  }),
  expired: boolean({ help: 'Whether it does not hold any more.', required: true, column: false, read: expired }),
  key_expired: string({
    help: 'Whether the key does not hold any more.',
    readOnly: true,
    column: false,
    read: keyExpired,
  }),
};

function nestedSignature(row: Row): object {
  return {
    issuer: row.issuer,
    created: isoTime(row.created),
    expiration_time: duration(row.expiration_time),
    signers_user_id: row.signers_user_id,
    key_expiration_time: duration(row.key_expiration_time),
    expired: expired(row),
    key_expired: keyExpired(row),
  };
}

/** The field `signatures` of a part: all there are of it in the domain. */
export function signaturesField(signedOf: (row: Row) => string): Field {
  return list(nested('NestedOpenPGPSignature', signatureFields), {
    help: 'Signatures about it.',
    readOnly: true,
    column: false,
    load: async (rows, presenter) => {
      const found = await signaturesOf(
        presenter,
        rows.map((row) => String(row.public_key)),
      );
      return rows.map((row) => signaturesAbout(found, row, signedOf(row)));
    },
  });
}

/** Signatures of keys by fingerprint. */
export async function signaturesOf({ services, domain }: Presenter, keys: readonly string[]): Promise<Row[]> {
  return await services.db.rows<Row>(sql`
    select s.* from openpgp_signature s join content c on c.id = s.content_id
      where s.public_key = any(${[...new Set(keys)]}) and c.domain_id = ${domain.id} order by s.content_id`);
}

/** `part` is the row of what they are about. */
export function signaturesAbout(found: readonly Row[], part: Row, signed: string): object[] {
  const subkey_created = signed.startsWith('publicsubkey:') ? part.created : null;
  return found
    .filter((one) => one.public_key === part.public_key && one.signed === signed)
    .map((one) => nestedSignature({ ...one, subkey_created }));
}
