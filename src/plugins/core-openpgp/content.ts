/** The content of keyrings: public keys and their parts. */
import {
  contentType,
  datetime,
  exactFilter,
  type Field,
  list,
  nested,
  type Presenter,
  type Row,
  sql,
  string,
  textFilter,
} from '../../plugin-api/index.ts';
import { signedName } from './formats/signed-name.ts';
import { isoTime, signatureFields, signaturesAbout, signaturesField, signaturesOf } from './signature-fields.ts';

const text = (name: string) => ({ name, type: 'text' });
const RAW = text('raw_data');

const fingerprint = string({ help: 'The fingerprint, in hex.', maxLength: 64 });
const sha256 = string({ help: 'The SHA-256 of the packet.', maxLength: 128 });
const userId = string({ help: 'Name and address of the holder.' });
const created = datetime({ help: 'When it was made.', required: true, read: (row) => isoTime(row.created) });

/** href of what the ids of other rows name, in one query for all rows. */
function hrefField(
  type: string,
  table: string,
  on: (rows: readonly Row[]) => ReturnType<typeof sql>,
  key: (row: Row) => string,
): Field {
  return string({
    format: 'uri',
    readOnly: true,
    column: false,
    load: async (rows, presenter) => {
      const found = await presenter.services.db.rows<Row & { pulp_id: string }>(sql`
        select c.pulp_id, d.* from ${sql.ident(table)} d join content c on c.id = d.content_id
          where c.domain_id = ${presenter.domain.id} and ${on(rows)}`);
      const ids = new Map(
        found.map((row) => [key({ ...row, public_key: row.public_key ?? row.fingerprint }), row.pulp_id]),
      );
      return rows.map((row) => presenter.hrefOfType('content', type, ids.get(key(row)) ?? null));
    },
  });
}

const publicKeyField = hrefField(
  'core.openpgp_publickey',
  'openpgp_publickey',
  (rows) => sql`d.fingerprint = any(${rows.map((row) => String(row.public_key))})`,
  (row) => String(row.public_key),
);

/** Only administrators use them directly; others get keys from distributions. */
const access = { statements: ['admin: *'], hooks: null, scoping: null, hidden: true } as const;
const shared = { app: 'core', artifacts: 'none', repoKey: [], labelStatus: 200, access } as const;

/** Parts of many keys, by table. */
async function partsOf({ services, domain }: Presenter, table: string, keys: readonly string[]): Promise<Row[]> {
  return await services.db.rows<Row>(sql`
    select d.* from ${sql.ident(table)} d join content c on c.id = d.content_id
      where d.public_key = any(${keys}) and c.domain_id = ${domain.id} order by d.content_id`);
}

function partsField(
  component: string,
  fields: Record<string, Field>,
  table: string,
  signed: (row: Row) => string,
  show: (row: Row) => object,
): Field {
  const signatures = list(nested('NestedOpenPGPSignature', signatureFields), { readOnly: true });
  return list(nested(component, { ...fields, signatures }), {
    readOnly: true,
    column: false,
    load: async (rows, presenter) => {
      const keys = rows.map((row) => String(row.fingerprint));
      const parts = await partsOf(presenter, table, keys);
      const made = await signaturesOf(presenter, keys);
      const shown = (part: Row) => ({ ...show(part), signatures: signaturesAbout(made, part, signed(part)) });
      return keys.map((key) => parts.filter((part) => part.public_key === key).map(shown));
    },
  });
}

const ofUserId = (row: Row) => signedName.userId(String(row.user_id));
const ofAttribute = (row: Row) => signedName.attribute(String(row.sha256));
const ofSubkey = (row: Row) => signedName.subkey(String(row.fingerprint));

export const publicKeyType = contentType({
  ...shared,
  name: 'OpenPGPPublicKey',
  pulpType: 'core.openpgp_publickey',
  path: 'content/core/openpgp_publickey',
  table: 'openpgp_publickey',
  columns: [text('fingerprint'), { name: 'created', type: 'timestamptz' }, RAW],
  naturalKey: ['fingerprint'],
  repoKey: ['fingerprint'],
  description: 'Public keys.',
  fields: {
    fingerprint: { ...fingerprint, readOnly: true },
    created: { ...created, required: false, readOnly: true },
    user_ids: partsField('NestedOpenPGPUserID', { user_id: userId }, 'openpgp_userid', ofUserId, (row) => ({
      user_id: row.user_id,
    })),
    user_attributes: partsField(
      'NestedOpenPGPUserAttribute',
      { sha256 },
      'openpgp_userattribute',
      ofAttribute,
      (row) => ({
        sha256: row.sha256,
      }),
    ),
    public_subkeys: partsField(
      'NestedOpenPGPPublicSubkey',
      { fingerprint, created },
      'openpgp_publicsubkey',
      ofSubkey,
      (row) => ({ fingerprint: row.fingerprint, created: isoTime(row.created) }),
    ),
  },
  filters: { fingerprint: exactFilter(sql.raw('d.fingerprint')) },
  ordering: ['raw_data', 'fingerprint', 'created'],
  labelStatus: 201,
  upload: {},
});

export const publicSubkeyType = contentType({
  ...shared,
  name: 'OpenPGPPublicSubkey',
  pulpType: 'core.openpgp_publicsubkey',
  path: 'content/core/openpgp_publicsubkey',
  table: 'openpgp_publicsubkey',
  columns: [text('public_key'), text('fingerprint'), { name: 'created', type: 'timestamptz' }, RAW],
  naturalKey: ['public_key', 'fingerprint'],
  description: 'Subkeys of public keys.',
  fields: { fingerprint, created, signatures: signaturesField(ofSubkey), public_key: publicKeyField },
  filters: { fingerprint: exactFilter(sql.raw('d.fingerprint')) },
  ordering: ['raw_data', 'fingerprint', 'created'],
});

export const userIdType = contentType({
  ...shared,
  name: 'OpenPGPUserID',
  pulpType: 'core.openpgp_userid',
  path: 'content/core/openpgp_userid',
  table: 'openpgp_userid',
  columns: [text('public_key'), text('user_id'), RAW],
  naturalKey: ['public_key', 'user_id'],
  description: 'User ids of public keys.',
  fields: { user_id: userId, signatures: signaturesField(ofUserId), public_key: publicKeyField },
  filters: { user_id: textFilter(sql.raw('d.user_id')) },
  ordering: ['raw_data', 'user_id'],
});

export const userAttributeType = contentType({
  ...shared,
  name: 'OpenPGPUserAttribute',
  pulpType: 'core.openpgp_userattribute',
  path: 'content/core/openpgp_userattribute',
  table: 'openpgp_userattribute',
  columns: [text('public_key'), text('sha256'), RAW],
  naturalKey: ['public_key', 'sha256'],
  description: 'User attributes of public keys, such as pictures.',
  fields: { sha256, signatures: signaturesField(ofAttribute), public_key: publicKeyField },
  filters: { sha256: exactFilter(sql.raw('d.sha256')) },
  ordering: ['raw_data', 'sha256'],
});

/** What a signature is about, whatever kind of part. */
const signedContentField: Field = string({
  format: 'uri',
  readOnly: true,
  column: false,
  load: async (rows, presenter) => {
    const keys = [...new Set(rows.map((row) => String(row.public_key)))];
    const found = await presenter.services.db.rows<{
      pulp_id: string;
      pulp_type: string;
      public_key: string;
      signed: string;
    }>(sql`
      select c.pulp_id, c.pulp_type, p.public_key, p.signed from (
        select content_id, fingerprint as public_key, '' as signed from openpgp_publickey where fingerprint = any(${keys})
        union all select content_id, public_key, 'publicsubkey:' || fingerprint from openpgp_publicsubkey where public_key = any(${keys})
        union all select content_id, public_key, 'userid:' || user_id from openpgp_userid where public_key = any(${keys})
        union all select content_id, public_key, 'userattribute:' || sha256 from openpgp_userattribute where public_key = any(${keys})
      ) p join content c on c.id = p.content_id where c.domain_id = ${presenter.domain.id}`);
    const byName = new Map(found.map((one) => [`${one.public_key} ${one.signed}`, one]));
    return rows.map((row) => {
      const one = byName.get(`${row.public_key} ${row.signed}`);
      return one ? presenter.hrefOfType('content', one.pulp_type, one.pulp_id) : null;
    });
  },
});

export const signatureType = contentType({
  ...shared,
  name: 'OpenPGPSignature',
  pulpType: 'core.openpgp_signature',
  path: 'content/core/openpgp_signature',
  table: 'openpgp_signature',
  columns: [
    text('public_key'),
    text('signed'),
    text('sha256'),
    { name: 'signature_type', type: 'integer' },
    { name: 'created', type: 'timestamptz' },
    { name: 'expiration_time', type: 'bigint' },
    { name: 'key_expiration_time', type: 'bigint' },
    text('issuer'),
    text('signers_user_id'),
    RAW,
  ],
  naturalKey: ['public_key', 'signed', 'sha256'],
  description: 'Signatures of public keys and their parts.',
  fields: {
    ...signatureFields,
    key_expired: {
      ...signatureFields.key_expired!,
      load: async (rows, presenter) => {
        const keys = rows.map((row) => String(row.public_key));
        const subkeys = await partsOf(presenter, 'openpgp_publicsubkey', keys);
        const creation = new Map(subkeys.map((one) => [`${one.public_key} ${ofSubkey(one)}`, one.created]));
        return rows.map((row) =>
          signatureFields.key_expired!.read!(
            { ...row, subkey_created: creation.get(`${row.public_key} ${row.signed}`) ?? null },
            presenter,
          ),
        );
      },
    },
    signed_content: signedContentField,
  },
  filters: { issuer: exactFilter(sql.raw('d.issuer')) },
  ordering: [
    'raw_data',
    'sha256',
    'signature_type',
    'created',
    'expiration_time',
    'key_expiration_time',
    'issuer',
    'signers_user_id',
  ],
});

export const keyringContent = [publicKeyType, publicSubkeyType, userIdType, userAttributeType, signatureType] as const;
