/** Attestations that were really signed and logged: verified offline, refused where anything of them is another. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { after } from 'node:test';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { verifyAttestation } from '../../src/plugins/python/attestations/verify-attestation.ts';
import { type Attestation, checkAttestations, checkProvenance } from '../../src/plugins/python/formats/provenance.ts';
import type { Publisher } from '../../src/plugins/python/formats/publisher.ts';
import { useRunningServer } from '../support/running-server.ts';
import { form, makeIndex } from './own-index.ts';
import { UpstreamIndex } from './upstream.ts';

const fixture = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
const json = (name: string) => JSON.parse(fixture(`${name}.json`).toString());

interface Statement {
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
}

function fileOf({ envelope }: Attestation) {
  const { subject } = JSON.parse(Buffer.from(envelope.statement, 'base64').toString()) as Statement;
  return { filename: subject[0]!.name, sha256: subject[0]!.digest.sha256 };
}

const WHEEL = 'rfc8785-0.1.2-py3-none-any.whl';
const wheel = fixture(WHEEL);
const [byPerson] = checkAttestations([json(`${WHEEL}.attestation`)]) as [Attestation];
const bundleOf = (name: string) => checkProvenance(json(`${name}.provenance`)).attestation_bundles[0]!;
const google = bundleOf('gcb_attestation_test-0.0.0.tar.gz');
const github = bundleOf('pypi_attestations-0.0.19.tar.gz');
const [byPipeline] = checkAttestations([json('gitlab_oidc_project-0.0.3.tar.gz.attestation')]) as [Attestation];
const gitlab: Publisher = {
  kind: 'GitLab',
  repository: 'facutuesca/gitlab-oidc-project',
  workflow_filepath: '.gitlab-ci.yml',
};

test('what was really signed is accepted', () => {
  verifyAttestation(byPerson, { filename: WHEEL, sha256: sha256Of(wheel) });
  for (const { publisher, attestations } of [google, github, { publisher: gitlab, attestations: [byPipeline] }]) {
    assert.ok(attestations.length > 0);
    for (const one of attestations) verifyAttestation(one, fileOf(one), publisher);
  }
});

test('it is of no use for another file, and in no other form', () => {
  const file = { filename: WHEEL, sha256: sha256Of(wheel) };
  const refused = (attestation: Attestation, about: typeof file, reason: RegExp) =>
    assert.throws(() => verifyAttestation(attestation, about), { name: 'AttestationRefused', message: reason });
  refused(byPerson, { ...file, filename: WHEEL.replace('0.1.2', '0.1.3') }, /does not match distribution name/);
  refused(byPerson, { ...file, sha256: 'a'.repeat(64) }, /does not match distribution digest/);
  const other = Buffer.from(byPerson.envelope.statement, 'base64').toString().replace(file.sha256, 'a'.repeat(64));
  const envelope = { ...byPerson.envelope, statement: Buffer.from(other).toString('base64') };
  refused({ ...byPerson, envelope }, { ...file, sha256: 'a'.repeat(64) }, /./);
  const signature = byPipeline.envelope.signature;
  refused({ ...byPerson, envelope: { ...byPerson.envelope, signature } }, file, /./);
  const { certificate } = byPipeline.verification_material;
  refused({ ...byPerson, verification_material: { ...byPerson.verification_material, certificate } }, file, /./);
  const entries = byPipeline.verification_material.transparency_entries;
  const material = { ...byPerson.verification_material, transparency_entries: entries };
  refused({ ...byPerson, verification_material: material }, file, /./);
});

test('it is of no use for another publisher', () => {
  const [byWorkflow] = github.attestations as [Attestation];
  const [byAccount] = google.attestations as [Attestation];
  const others: [Attestation, Publisher][] = [
    [byWorkflow, { ...github.publisher, repository: 'trailofbits/other' }],
    [byWorkflow, { ...github.publisher, workflow: 'other.yml' }],
    [byWorkflow, { ...github.publisher, kind: 'GitLab', workflow_filepath: 'release.yml' }],
    [byWorkflow, { kind: 'GitHub', repository: 'trailofbits/pypi-attestations' }],
    [byAccount, { ...google.publisher, email: 'other@example.com' }],
    [byAccount, github.publisher],
    [byPipeline, { ...gitlab, repository: 'facutuesca/other' }],
    [byPipeline, { ...gitlab, workflow_filepath: 'other.yml' }],
    [byPerson, { kind: 'Google', email: 'william@yossarian.net' }],
  ];
  for (const [attestation, publisher] of others) {
    const verify = () => verifyAttestation(attestation, fileOf(attestation), publisher);
    assert.throws(verify, { name: 'AttestationRefused', message: /publisher/ }, JSON.stringify(publisher));
  }
  verifyAttestation(byWorkflow, fileOf(byWorkflow), { kind: 'Pulp User', prn: 'prn:auth.user:1' });
});

test('what the format does not know is not kept', () => {
  const extra = { ...github, publisher: { ...github.publisher, claims: {} }, more: 1 };
  const kept = checkProvenance({
    attestation_bundles: [extra, { ...github, publisher: { kind: 'x', y: 1 } }],
    more: 1,
  });
  assert.deepEqual(kept, {
    version: 1,
    attestation_bundles: [github, { ...github, publisher: { kind: 'x', y: 1 } }],
  });
  const plain = { kind: 'GitHub', repository: 'a/b', workflow: 'c' };
  const [bundle] = checkProvenance({ attestation_bundles: [{ ...github, publisher: plain }] }).attestation_bundles;
  assert.deepEqual(bundle!.publisher, { ...plain, environment: null });
});

const running = await useRunningServer();
const upstream = await UpstreamIndex.start();
after(() => upstream.close());

async function makeAttested(name: string) {
  const index = await makeIndex(running, name);
  return { ...index, document: `${index.live}integrity/rfc8785/0.1.2/${WHEEL}/provenance/` };
}

const attestations = JSON.stringify([byPerson]);
const published = { publisher: { kind: 'Pulp User', prn: 'prn:auth.user:1' }, attestations: [byPerson] };

test('a package comes with its attestation, and the index tells of it', async () => {
  const index = await makeAttested('uploaded');
  const sent = form({ attestations, sha256_digest: sha256Of(wheel) }, 'content', WHEEL, wheel);
  const { status, body } = await running.call('POST', `${index.live}legacy/`, sent);
  assert.equal(status, 202, JSON.stringify(body));
  const task = await running.ended(body.task);
  assert.equal(task.state, 'completed', JSON.stringify(task.error));
  const page = await running.call('GET', `${index.live}simple/rfc8785/?format=json`);
  const [file] = (typeof page.body === 'string' ? JSON.parse(page.body) : page.body).files;
  assert.ok(file.provenance.endsWith(index.document), file.provenance);
  const told = await running.call('GET', index.document);
  assert.deepEqual(told.body, { version: 1, attestation_bundles: [published] });

  const other = form({ attestations, sha256_digest: sha256Of(wheel) }, 'content', WHEEL.replace('py3', 'py2'), wheel);
  const answer = await running.call('POST', `${index.live}legacy/`, other);
  const failed = answer.status === 202 ? (await running.ended(answer.body.task)).error?.description : answer.body;
  assert.match(JSON.stringify(failed), /does not match distribution name/);
});

test('a provenance document is verified when it is uploaded, its publisher too', async () => {
  const name = form({ attestations }, 'file', WHEEL, wheel);
  const { body: unit } = await running.call('POST', 'content/python/packages/upload/', name);
  assert.match(unit.provenance, /^prn:python.packageprovenance:/);
  const upload = async (publisher: object, more: Record<string, string> = {}) => {
    const bytes = Buffer.from(JSON.stringify({ attestation_bundles: [{ publisher, attestations: [byPerson] }] }));
    const sent = form({ package: unit.pulp_href, ...more }, 'file', 'provenance.json', bytes);
    const { status, body } = await running.call('POST', 'content/python/provenance/', sent);
    return status === 202 ? await running.ended(body.task) : { state: 'refused', error: { description: body } };
  };
  assert.equal((await upload({ kind: 'Somebody' })).state, 'completed');
  const foreign = { kind: 'GitHub', repository: 'trailofbits/rfc8785.py', workflow: 'release.yml' };
  const refused = await upload(foreign);
  assert.notEqual(refused.state, 'completed');
  assert.match(JSON.stringify(refused.error), /Provenance verification failed: .*publisher/);
  assert.equal((await upload(foreign, { verify: 'false' })).state, 'completed');
});

test('a sync brings the provenance that upstream publishes', async () => {
  const document = { version: 1, attestation_bundles: [{ ...published, publisher: github.publisher }] };
  upstream.add({ project: 'rfc8785', version: '0.1.2', filename: WHEEL, body: wheel, provenance: document });
  const index = await makeAttested('synced');
  const remote = await running.create('remotes/python/python/', { url: upstream.url, provenance: true });
  const task = await running.run(`${index.href}sync/`, { remote: remote.pulp_href });
  assert.equal(task.state, 'completed', JSON.stringify(task.error));
  assert.deepEqual((await running.call('GET', index.document)).body, document);
});
