/** Serves the keys of a keyring: a list of them, and each with those of its parts that the version has. */
import { listingFrame, listingLine } from '../../lib/http/html-listing.ts';
import {
  type DistributionType,
  inVersion,
  type Row,
  type ServeAnswer,
  type ServedDistribution,
  type Services,
  sql,
  type Version,
} from '../../plugin-api/index.ts';
import { armor } from './formats/armor.ts';
import { writePacket } from './formats/packets.ts';
import { keyIdOf, TAGS } from './formats/public-key.ts';
import { signedName } from './formats/signed-name.ts';

const FILE = /^([0-9A-F]{16})\.pub$/;

export const serveKeys: NonNullable<DistributionType['serve']> = async (services, distribution, path) => {
  const { version } = distribution;
  if (!version) return undefined;
  if (path === '') return await listKeys(services, distribution, version);
  const id = FILE.exec(path)?.[1]?.toLowerCase();
  const body = id === undefined ? undefined : await keyText(services, version, id);
  if (body === undefined) return undefined;
  return { kind: 'text', body, contentType: 'application/pgp-keys' };
};

/** The list of keys, and each of them. */
export const keptKeys: NonNullable<DistributionType['keeps']> = (path) =>
  path === '' || FILE.test(path) ? { subject: '', variant: path } : undefined;

async function listKeys(
  services: Services,
  { basePath, domain }: ServedDistribution,
  version: Version,
): Promise<ServeAnswer> {
  const rows = await services.db.rows<{ fingerprint: string; date: Date | string }>(sql`
    select k.fingerprint, v.pulp_created as date from openpgp_publickey k join repository_content rc on rc.content_id = k.content_id
      join repository_version v on v.repository_id = rc.repository_id and v.number = rc.version_added
      where ${inVersion(version)}`);
  const { contentPathPrefix, domainEnabled } = services.settings;
  const { head, foot } = listingFrame(`${contentPathPrefix}${domainEnabled ? `${domain.name}/` : ''}${basePath}/`);
  const names = rows.map(({ fingerprint, date }) => ({
    name: `${keyIdOf(fingerprint).toUpperCase()}.pub`,
    date: new Date(date),
  }));
  names.sort((left, right) => (left.name < right.name ? -1 : 1));
  const lines = names.map((entry) => listingLine(entry));
  return { kind: 'text', body: [head, ...lines, foot].join(''), contentType: 'text/html; charset=utf-8' };
}

/** The key in ASCII; undefined when the version has none of this id. */
async function keyText(services: Services, version: Version, id: string): Promise<string | undefined> {
  const [key] = await services.db.rows<Row>(sql`
    select k.fingerprint, k.raw_data from openpgp_publickey k join repository_content rc on rc.content_id = k.content_id
      where ${inVersion(version)} and (length(k.fingerprint) = 40 and right(k.fingerprint, 16) = ${id}
        or length(k.fingerprint) > 40 and left(k.fingerprint, 16) = ${id}) limit 1`);
  if (!key) return undefined;
  const parts = async (table: string) =>
    await services.db.rows<Row>(sql`
      select d.* from ${sql.ident(table)} d join repository_content rc on rc.content_id = d.content_id
        where d.public_key = ${key.fingerprint} and ${inVersion(version)} order by d.content_id`);
  const signatures = await parts('openpgp_signature');
  const packets = (tag: number, rows: readonly Row[], signed: (row: Row) => string) =>
    rows.flatMap((row) => [
      packet(tag, row),
      ...signatures.filter((one) => one.signed === signed(row)).map((one) => packet(TAGS.signature, one)),
    ]);
  const all = [
    ...packets(TAGS.key, [key], () => ''),
    ...packets(TAGS.userId, await parts('openpgp_userid'), (row) => signedName.userId(String(row.user_id))),
    ...packets(TAGS.attribute, await parts('openpgp_userattribute'), (row) => signedName.attribute(String(row.sha256))),
    ...packets(TAGS.subkey, await parts('openpgp_publicsubkey'), (row) => signedName.subkey(String(row.fingerprint))),
  ];
  return armor(Buffer.concat(all));
}

function packet(tag: number, row: Row): Buffer {
  return writePacket({ tag, body: Buffer.from(String(row.raw_data), 'base64') });
}
