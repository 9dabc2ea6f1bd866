import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { sql } from '../../src/db/sql.ts';
import { unitOf } from '../../src/engines/repository/unit-of.ts';
import { uuid7 } from '../../src/lib/text/uuid7.ts';
import { saveContent } from '../../src/model/content/content.ts';
import { publicKeyType } from '../../src/plugins/core-openpgp/content.ts';
import { declareKey } from '../../src/plugins/core-openpgp/declare-key.ts';
import { readPublicKey } from '../../src/plugins/core-openpgp/formats/public-key.ts';
import { serveKeys } from '../../src/plugins/core-openpgp/serve.ts';
import { useApi } from '../support/api.ts';

/** Of RFC drafts on samples: a key with Ed25519, one user id and a subkey. */
const ALICE = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEXEcE6RYJKwYBBAHaRw8BAQdArjWwk3FAqyiFbFBKT4TzXcVBqPTB3gmzlC/U
b7O1u120JkFsaWNlIExvdmVsYWNlIDxhbGljZUBvcGVucGdwLmV4YW1wbGU+iJAE
ExYIADgCGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AWIQTrhbtfozp14V6UTmPy
MVUMT0fjjgUCXaWfOgAKCRDyMVUMT0fjjukrAPoDnHBSogOmsHOsd9qGsiZpgRnO
dypvbm+QtXZqth9rvwD9HcDC0tC+PHAsO7OTh1S1TC9RiJsvawAfCPaQZoed8gK4
OARcRwTpEgorBgEEAZdVAQUBAQdAQv8GIa2rSTzgqbXCpDDYMiKRVitCsy203x3s
E9+eviIDAQgHiHgEGBYIACAWIQTrhbtfozp14V6UTmPyMVUMT0fjjgUCXEcE6QIb
DAAKCRDyMVUMT0fjjlnQAQDFHUs6TIcxrNTtEZFjUFm1M0PJ1Dng/cDW4xN80fsn
0QEA22Kr7VkCjeAEC08VSTeV+QFsmz55/lntWkwYWhmvOgE=
=iIGO
-----END PGP PUBLIC KEY BLOCK-----
`;
const FINGERPRINT = 'eb85bb5fa33a75e15e944e63f231550c4f47e38e';

const api = await useApi();
const [domain] = await api.db.rows<{ id: number; pulpId: string; name: string }>(
  sql`select id, pulp_id as "pulpId", name from domain where name = 'default'`,
);
const declared = declareKey(readPublicKey(Buffer.from(ALICE)));
const units = [declared, ...declared.companions!].map((one) => unitOf(one));
await api.db.transaction((tx) => saveContent(tx, domain!.id, units));

const list = async (type: string, query = '') =>
  (await api.call('GET', `content/core/openpgp_${type}/${query}`)).body as {
    count: number;
    results: Record<string, unknown>[];
  };

test('a key is shown with all its parts and their signatures', async () => {
  const [key] = (await list('publickey', `?fingerprint=${FINGERPRINT}`)).results;
  assert.equal(key!.created, '2019-01-22T11:56:25Z');
  const signature = {
    issuer: 'f231550c4f47e38e',
    expiration_time: null,
    signers_user_id: null,
    key_expiration_time: null,
    expired: null,
  };
  assert.deepEqual(key!.user_ids, [
    {
      user_id: 'Alice Lovelace <alice@openpgp.example>',
      signatures: [{ ...signature, created: '2019-10-15T10:28:10Z', key_expired: null }],
    },
  ]);
  assert.deepEqual(key!.user_attributes, []);
  assert.deepEqual((key!.public_subkeys as { signatures: object[] }[])[0]!.signatures, [
    { ...signature, created: '2019-01-22T11:56:25Z', key_expired: false },
  ]);
});

test('parts name their key, signatures what they are about', async () => {
  const href = (await list('publickey')).results[0]!.pulp_href;
  const [subkey] = (await list('publicsubkey')).results;
  const [user] = (await list('userid', '?user_id__contains=Lovelace')).results;
  assert.equal(subkey!.public_key, href);
  assert.equal(user!.public_key, href);
  const signed = (await list('signature', '?issuer=f231550c4f47e38e')).results.map((one) => one.signed_content);
  assert.deepEqual(signed.sort(), [subkey!.pulp_href, user!.pulp_href].sort());
  assert.equal((await list('userid', '?user_id__contains=Bob')).count, 0);
});

test('keyrings and their distributions are made and read', async () => {
  const made = await api.call('POST', 'repositories/core/openpgp_keyring/', { name: 'keys' });
  assert.equal(made.status, 201);
  const { prn, versions_href } = made.body as { prn: string; versions_href: string };
  assert.match(prn, /^prn:core\.openpgpkeyring:/);
  assert.equal((await api.call('GET', versions_href)).status, 200);
  assert.equal((await api.call('GET', 'distributions/core/openpgp/')).status, 200);
});

test('a keyring serves a list of keys, and keys that gpg reads', async () => {
  const row = await api.db.row<{
    id: number;
  }>(sql`insert into repository (pulp_id, domain_id, pulp_type, name, next_version)
    values (${uuid7()}, ${domain!.id}, 'core.openpgp', 'served', 2) returning id`);
  const pulpId = uuid7();
  await api.db.run(
    sql`insert into repository_version (pulp_id, repository_id, number, complete) values (${pulpId}, ${row!.id}, 1, true)`,
  );
  await api.db.run(sql`insert into repository_content (repository_id, content_id, version_added)
    select ${row!.id}::bigint, id, 1 from content where pulp_type like 'core.openpgp%'`);
  const version = { id: 0, pulpId, number: 1, repositoryId: row!.id };
  const distribution = {
    pulpId,
    pulpType: 'core.openpgp',
    domain: domain!,
    basePath: 'keys',
    details: {},
    row: {},
    version,
    publicationId: null,
  };
  const answer = async (path: string) =>
    await serveKeys(api.services, distribution, path, { headers: {}, origin: 'http://here' });
  const listing = await answer('');
  assert.match(
    String((listing as { body: string }).body),
    /<a href="\.\/F231550C4F47E38E\.pub">F231550C4F47E38E\.pub<\/a>/,
  );
  const key = (await answer('F231550C4F47E38E.pub')) as { body: string; contentType: string };
  assert.equal(key.contentType, 'application/pgp-keys');
  const shown = execFileSync('gpg', ['--batch', '--with-colons', '--show-keys'], {
    input: key.body,
    encoding: 'utf8',
    stdio: 'pipe',
  });
  assert.match(shown, new RegExp(`^fpr:+${FINGERPRINT.toUpperCase()}:`, 'm'));
  assert.match(shown, /Alice Lovelace/);
  assert.equal(shown.match(/^sub:/gm)?.length, 1);
  for (const path of ['0000000000000000.pub', 'f231550c4f47e38e.pub', 'other'])
    assert.equal(await answer(path), undefined);
  assert.equal(publicKeyType.repoKey[0], 'fingerprint');
});
