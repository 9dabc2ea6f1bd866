/** Attestations along with uploads, provenance documents, and where they are told of. */
import { readFileSync } from 'node:fs';
import { sha256Of } from '../../src/lib/crypto/digest.ts';
import { makeWheel, UpstreamIndex } from '../../test/python/upstream.ts';
import { type Comparison, digestOf, form, type World } from './comparison.ts';
import { JSON_TYPE, taskShown, type Wire } from './side.ts';

const fixture = (name: string) => readFileSync(new URL(`../../test/python/fixtures/${name}`, import.meta.url));
const WHEEL = 'rfc8785-0.1.2-py3-none-any.whl';
const wheel = fixture(WHEEL);
const attestation = JSON.parse(fixture(`${WHEEL}.attestation.json`).toString());
const foreign = JSON.parse(fixture('gcb_attestation_test-0.0.0.tar.gz.provenance.json').toString());
const attestations = JSON.stringify([attestation]);

export async function compareProvenance(comparison: Comparison, world: World): Promise<void> {
  const { project, salt } = world;
  const base = `${project}-prov`;
  const live = `/pypi/${base}/`;
  const repos = await comparison.each((side) => side.json('POST', 'repositories/python/python/', { name: base }));
  await comparison.each((side, at) =>
    side.json('POST', 'distributions/python/pypi/', { name: base, base_path: base, repository: repos[at]!.pulp_href }),
  );
  const sent = { sha256_digest: sha256Of(wheel) };
  const upload = async (what: string, values: Record<string, string>, filename = WHEEL) =>
    await comparison.both(what, 'POST', `${live}legacy/`, () =>
      form({ ...sent, ...values }, 'content', filename, wheel),
    );
  // The peer keeps a unit of what it refuses, under the wrong name: so this comes first, on servers that have not seen the file.
  await upload('attested', { attestations });
  await upload('attested for another name', { attestations }, 'rfc8785-0.1.2-py2-none-any.whl');
  await upload(
    'attested for another file',
    { attestations: JSON.stringify(foreign.attestation_bundles[0].attestations) },
    'rfc8785-0.1.2-py2-none-any.whl',
  );
  const plain = makeWheel('plain', '1', salt).file;
  await comparison.both('attested by nobody', 'POST', `${live}legacy/`, () =>
    form({ ...digestOf(plain), attestations: '[]' }, 'content', 'plain-1-py3-none-any.whl', plain),
  );
  const document = `${live}integrity/rfc8785/0.1.2/${WHEEL}/provenance/`;
  await comparison.both('integrity', 'GET', document);
  await comparison.both('integrity without slash', 'GET', document.slice(0, -1));
  await comparison.both('integrity as its type', 'GET', document, undefined, {
    accept: 'application/vnd.pypi.integrity.v1+json',
  });
  await comparison.both('integrity as HTML', 'GET', document, undefined, { accept: 'text/html' });
  await comparison.both('integrity, other spelling', 'GET', document.replace('/rfc8785/', '/RFC8785/'));
  await comparison.both('integrity, other version', 'GET', document.replace('/0.1.2/', '/0.1.3/'));
  for (const accept of ['text/html', JSON_TYPE])
    await comparison.both(`attested page as ${accept}`, 'GET', `${live}simple/rfc8785/`, undefined, { accept });
  const created = await comparison.each((side) =>
    side.json('POST', 'content/python/packages/upload/', form({ attestations }, 'file', WHEEL, wheel)),
  );
  comparison.report(
    'uploaded at once with attestations',
    comparison.sides[0].plain(created[0]),
    comparison.sides[1].plain(created[1]),
  );
  const made = async (what: string, values: Record<string, string>, document: unknown) =>
    await comparison.both(`provenance ${what}`, 'POST', 'content/python/provenance/', (at) =>
      form(
        { package: created[at]!.pulp_href, ...values },
        'file',
        'p.json',
        Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)),
      ),
    );
  const bundle = (publisher: object) => ({ attestation_bundles: [{ publisher, attestations: [attestation] }] });
  const workflow = { kind: 'GitHub', repository: `a/${salt}`, workflow: 'release.yml' };
  await made('of nothing', {}, '');
  await made('of an empty object', {}, {});
  await made('of another version', {}, { version: 2, attestation_bundles: [] });
  await made('without bundles', {}, { attestation_bundles: [] });
  await made('without attestations', {}, { attestation_bundles: [{ publisher: { kind: 'x' }, attestations: [] }] });
  await made('of somebody', {}, bundle({ kind: 'Somebody', salt, more: [1] }));
  await made('of somebody, again', {}, bundle({ kind: 'Somebody', salt, more: [1] }));
  await made('of another file', {}, foreign);
  await made('of a workflow that has not signed', {}, bundle(workflow));
  await made('of an account that has not signed', {}, bundle({ kind: 'Google', email: `${salt}@example.com` }));
  await made('not verified', { verify: 'false' }, bundle({ ...workflow, claims: { a: 1 } }));
  await made('of another file, not verified', { verify: 'false' }, { ...foreign, more: salt });
  await made('with verify of no truth', { verify: 'x' }, bundle(workflow));
  await comparison.both('provenance, no package', 'POST', 'content/python/provenance/', () =>
    form({}, 'file', 'p.json', Buffer.from('{}')),
  );
  await comparison.both('provenance, no file', 'POST', 'content/python/provenance/', (at) => ({
    package: created[at]!.pulp_href,
  }));
  const listed = await comparison.each(async (side, at) => {
    const { results } = await side.json('GET', `content/python/provenance/?package=${created[at]!.pulp_href}`);
    return side.plain(results.sort((a: Wire, b: Wire) => (a.sha256 < b.sha256 ? -1 : 1)));
  });
  comparison.report('provenance of the package', listed[0], listed[1]);
  await compareSynced(comparison, world);
}

async function compareSynced(comparison: Comparison, { project, salt }: World): Promise<void> {
  const bundle = (publisher: object) => ({
    version: 1,
    attestation_bundles: [{ publisher, attestations: [attestation] }],
  });
  const publisher = { kind: 'GitHub', repository: 'a/b', workflow: 'c.yml', environment: salt };
  for (const html of [false, true]) {
    const upstream = await UpstreamIndex.start({ xmlRpc: true, html });
    const add = (version: string, provenance?: object) => {
      const { file, metadata } = makeWheel('proven', version, `${salt}${html}`);
      const filename = `proven-${version}-py3-none-any.whl`;
      upstream.add({ project: 'proven', version, filename, body: file, metadata, ...(provenance && { provenance }) });
    };
    add('1.0', bundle(publisher));
    add('2.0', bundle({ kind: 'Google', email: `${salt}${html}@example.com`, more: 1 }));
    add('3.0');
    for (const provenance of [true, false]) {
      const name = `${project}-synced-${html}-${provenance}`;
      const results = await comparison.each(async (side) => {
        const remote = await side.json('POST', 'remotes/python/python/', { name, url: upstream.url, provenance });
        const repository = await side.json('POST', 'repositories/python/python/', { name });
        const task = await side.json('POST', `${repository.pulp_href}sync/`, { remote: remote.pulp_href });
        const { latest_version_href: latest } = await side.json('GET', repository.pulp_href);
        const list = async (type: string) =>
          (await side.json('GET', `content/python/${type}/?repository_version=${latest}`)).results;
        const [documents, units] = [await list('provenance'), await list('packages')];
        await side.json('POST', 'distributions/python/pypi/', {
          name,
          base_path: name,
          repository: repository.pulp_href,
        });
        return side.plain({
          task: taskShown(task),
          documents: documents.sort((a: Wire, b: Wire) => (a.sha256 < b.sha256 ? -1 : 1)),
          units: units.sort((a: Wire, b: Wire) => (a.filename < b.filename ? -1 : 1)),
        });
      });
      comparison.report(`sync with provenance ${provenance}, HTML ${html}`, results[0], results[1]);
      for (const accept of ['text/html', JSON_TYPE])
        await comparison.both(
          `page synced with provenance ${provenance}, HTML ${html}, as ${accept}`,
          'GET',
          `/pypi/${name}/simple/proven/`,
          undefined,
          { accept },
        );
      await comparison.both(
        `integrity synced with provenance ${provenance}, HTML ${html}`,
        'GET',
        `/pypi/${name}/integrity/proven/1.0/proven-1.0-py3-none-any.whl/provenance/`,
      );
    }
    upstream.close();
  }
}
