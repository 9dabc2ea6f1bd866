/** Domains over HTTP: their resource, paths, what they keep apart, storage of their own, moving and deleting. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { FILE_SYSTEM, startDomains } from './domain-server.ts';

const server = await startDomains({ orphan_protection_time: 0 });
const { call, ended, makeDomain, upload } = server;

function directory(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'deckle-domain-')));
  after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const filesIn = (path: string) =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('/tmp/files'))
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1));

async function repository(domain: string, name: string): Promise<string> {
  const { status, body } = await call(domain, 'POST', 'repositories/file/file/', { name, autopublish: true });
  assert.equal(status, 201, JSON.stringify(body));
  return body.pulp_href;
}

async function distribute(domain: string, path: string, of: string): Promise<void> {
  const task = await ended(
    await call(domain, 'POST', 'distributions/file/file/', { name: path, base_path: path, repository: of }),
  );
  assert.equal(task.state, 'completed');
}

suite('the resource', () => {
  test('names are checked, settings completed', async () => {
    const made = await makeDomain('made', { MEDIA_ROOT: '' });
    assert.deepEqual(made.storage_settings, {
      hidden_fields: [],
      location: '',
      base_url: '',
      file_permissions_mode: 420,
      directory_permissions_mode: null,
    });
    assert.match(made.pulp_href, /^\/pulp\/default\/api\/v3\/domains\//);
    for (const [name, message] of [
      ['made', 'This field must be unique.'],
      ['default', 'This field must be unique.'],
      ['api', "Name can not be 'api' or 'content'."],
      ['Content', "Name can not be 'api' or 'content'."],
      ['x'.repeat(51), 'Ensure this field has no more than 50 characters.'],
      ['a b', 'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.'],
    ]) {
      const { status, body } = await call('default', 'POST', 'domains/', {
        name,
        storage_class: FILE_SYSTEM,
        storage_settings: { location: '' },
      });
      assert.deepEqual([status, body], [400, { name: [message] }]);
    }
  });

  test('storage settings are checked by their class', async () => {
    for (const [storage_class, storage_settings, expected] of [
      [FILE_SYSTEM, {}, { location: ['This field is required.'] }],
      [FILE_SYSTEM, { location: '', other: 1 }, { other: 'Unexpected field' }],
      [
        FILE_SYSTEM,
        { location: 'relative' },
        { location: ['Must be an absolute path, or empty for the place of the server.'] },
      ],
      [FILE_SYSTEM, [], ['Storage settings should be a JSON object.']],
      [
        'storages.backends.s3.S3Storage',
        { access_key: 'a', secret_key: 'b' },
        { bucket_name: ['This field is required.'] },
      ],
      [
        'storages.backends.s3.S3Storage',
        { AWS_ACCESS_KEY_ID: 'a', bucket_name: 'b' },
        { non_field_errors: ["One of 'secret_key' or 'security_token' must be set."] },
      ],
    ]) {
      const { status, body } = await call('default', 'POST', 'domains/', {
        name: 'refused',
        storage_class,
        storage_settings,
      });
      assert.deepEqual([status, body], [400, { storage_settings: expected }]);
    }
    const azure = { account_name: 'a', account_key: 'b', azure_container: 'c' };
    const { body } = await call('default', 'POST', 'domains/', {
      name: 'azure',
      storage_class: 'storages.backends.azure_storage.AzureStorage',
      storage_settings: azure,
    });
    assert.deepEqual(body, { storage_class: ['Backend is not installed on Pulp.'] });
  });

  test('secrets are told only by whether they are set', async () => {
    const settings = {
      AWS_ACCESS_KEY_ID: 'key-id',
      AWS_SECRET_ACCESS_KEY: 'very-secret',
      AWS_STORAGE_BUCKET_NAME: 'bucket',
    };
    const made = await call('default', 'POST', 'domains/', {
      name: 'bucket',
      storage_class: 'storages.backends.s3.S3Storage',
      storage_settings: settings,
    });
    assert.equal(made.status, 201);
    const shown = made.body.storage_settings;
    assert.equal(shown.bucket_name, 'bucket');
    assert.deepEqual(shown.hidden_fields, [
      { name: 'access_key', is_set: true },
      { name: 'secret_key', is_set: true },
      { name: 'security_token', is_set: false },
      { name: 'cloudfront_key', is_set: false },
    ]);
    const task = await ended(
      await call('default', 'PATCH', made.body.pulp_href, { storage_settings: { region_name: 'eu' } }),
    );
    assert.equal(task.state, 'completed');
    const read = await call('default', 'GET', made.body.pulp_href);
    assert.equal(read.body.storage_settings.region_name, 'eu');
    assert.deepEqual(read.body.storage_settings.hidden_fields, shown.hidden_fields, 'secrets stay when others change');
    const again = await call('default', 'PATCH', made.body.pulp_href, {
      storage_settings: { secret_key: 'very-secret' },
    });
    assert.equal(again.status, 202, 'the answer does not tell whether the secret is the same');
    for (const text of [made, read, again, task]) assert.ok(!JSON.stringify(text).includes('very-secret'));
    assert.ok(!server.output().includes('very-secret'));
  });

  test('the default domain stays as it is', async () => {
    const { body } = await call('default', 'GET', 'domains/?name=default');
    const { pulp_href: href, storage_settings: settings } = body.results[0];
    assert.equal(settings.location, join(server.data, 'media'));
    assert.deepEqual((await call('default', 'PATCH', href, { name: 'other' })).body, [
      'Default domain can not be updated.',
    ]);
    assert.deepEqual((await call('default', 'DELETE', href)).body, ['Default domain can not be deleted.']);
    const moved = await call('default', 'POST', 'domains/migrate/', {
      storage_class: FILE_SYSTEM,
      storage_settings: {},
    });
    assert.deepEqual([moved.status, moved.body], [400, ['Default domain can not be migrated.']]);
  });

  test('changes answer 200 or start a task; labels; renaming changes the paths', async () => {
    const made = await makeDomain('renamed');
    const same = await call('default', 'PATCH', made.pulp_href, { storage_settings: { location: '' } });
    assert.equal(same.status, 200);
    assert.equal((await call('default', 'POST', `${made.pulp_href}set_label/`, { key: 'k', value: 'v' })).status, 201);
    assert.equal((await call('default', 'GET', 'domains/?pulp_label_select=k=v')).body.count, 1);
    const task = await ended(await call('default', 'PATCH', made.pulp_href, { name: 'new-name', description: 'x' }));
    assert.equal(task.state, 'completed');
    assert.equal((await call('new-name', 'GET', 'repositories/')).status, 200);
    assert.equal((await server.fetch('/pulp/content/new-name/')).status, 200);
    assert.equal((await server.fetch('/pulp/content/renamed/')).status, 404);
  });

  test('the default guard of a domain has to be its own, and is given to new distributions', async () => {
    const made = await makeDomain('guarded');
    const own = await call('guarded', 'POST', 'contentguards/core/rbac/', { name: 'own' });
    const other = await call('default', 'POST', 'contentguards/core/rbac/', { name: 'other' });
    const refused = await call('default', 'PATCH', made.pulp_href, { default_content_guard: other.body.pulp_href });
    assert.deepEqual(refused.body, { default_content_guard: ['The content-guard must belong to this domain.'] });
    const early = await call('default', 'POST', 'domains/', {
      name: 'early',
      storage_class: FILE_SYSTEM,
      storage_settings: { location: '' },
      default_content_guard: other.body.prn,
    });
    assert.match(early.body.default_content_guard[0], /only be set on an existing domain/);
    await ended(await call('default', 'PATCH', made.pulp_href, { default_content_guard: own.body.pulp_href }));
    const { body } = await call('default', 'GET', made.pulp_href);
    assert.deepEqual([body.default_content_guard, body.default_content_guard_prn], [own.body.pulp_href, own.body.prn]);
    const task = await ended(await call('guarded', 'POST', 'distributions/file/file/', { name: 'd', base_path: 'd' }));
    assert.equal((await call('guarded', 'GET', task.created_resources[0]!)).body.content_guard, own.body.pulp_href);
    assert.equal((await server.fetch('/pulp/content/guarded/d/', { headers: { authorization: 'none' } })).status, 403);
    assert.match(
      (await call('guarded', 'DELETE', own.body.pulp_href)).body[0],
      /distribution 'd', default of domain 'guarded'/,
    );
  });
});

test('paths: status and documents with and without domain, unknown domains nowhere', async () => {
  await makeDomain('paths');
  for (const path of ['/pulp/api/v3/status/', '/pulp/paths/api/v3/status/', '/pulp/api/v3/docs/api.json'])
    assert.equal((await server.fetch(path)).status, 200, path);
  assert.equal((await call('nowhere', 'GET', 'repositories/')).status, 404);
  assert.equal((await server.fetch('/pulp/content/nowhere/')).status, 404);
  const { body } = await call('paths', 'GET', 'users/');
  assert.match(body.results[0].pulp_href, /^\/pulp\/default\/api\/v3\/users\//);
  const href = await repository('paths', 'r');
  assert.match(href, /^\/pulp\/paths\/api\/v3\/repositories\/file\/file\//);
});

suite('isolation', () => {
  test('nothing of one domain can be read, listed, found by digest or used in another', async () => {
    for (const name of ['left', 'right']) await makeDomain(name);
    const [left, right] = [await repository('left', 'same'), await repository('right', 'same')];
    const unit = await upload('left', 'a.txt', 'only left', left);
    const artifacts = (await call('left', 'GET', 'artifacts/')).body.results;
    const { sha256, pulp_href: artifact } = artifacts[0];
    assert.equal((await call('right', 'GET', 'artifacts/')).body.count, 0);
    assert.equal((await call('right', 'GET', `artifacts/?sha256=${sha256}`)).body.count, 0);
    assert.equal((await call('right', 'GET', `content/file/files/?sha256=${sha256}`)).body.count, 0);
    assert.equal((await call('right', 'GET', 'content/')).body.count, 0);
    assert.equal((await call('right', 'GET', 'repositories/?name=same')).body.count, 1);
    assert.equal((await call('right', 'GET', 'tasks/')).body.count, 0);
    assert.equal((await call('right', 'GET', `repository_versions/`)).body.count, 1);
    for (const href of [left, unit, artifact])
      assert.equal((await call('', 'GET', href.replace('/left/', '/right/'))).status, 404, href);
    const task = (await call('left', 'GET', 'tasks/')).body.results[0].pulp_href.replace('/left/', '/right/');
    assert.equal((await call('', 'GET', task)).status, 404);
    assert.equal((await call('', 'PATCH', task, { state: 'canceled' })).status, 404);
    const sent = await call('left', 'POST', 'uploads/', { size: 4 });
    assert.equal((await call('', 'DELETE', sent.body.pulp_href.replace('/left/', '/right/'))).status, 404);
    const labelled = await call('', 'POST', `${left.replace('/left/', '/right/')}set_label/`, { key: 'k', value: 'v' });
    assert.equal(labelled.status, 404);

    const apart = { non_field_errors: ['Objects must all be a part of the right domain.'] };
    const prn = (await call('left', 'GET', left)).body.prn;
    for (const [path, body] of [
      ['distributions/file/file/', { name: 'd', base_path: 'd', repository: left }],
      ['distributions/file/file/', { name: 'd', base_path: 'd', repository: prn }],
      ['distributions/file/file/', { name: 'd', base_path: 'd', repository: left.replace('/left/', '/right/') }],
      ['publications/file/file/', { repository_version: `${left}versions/1/` }],
      ['content/file/files/', { relative_path: 'a.txt', artifact }],
      ['content/file/files/', { relative_path: 'a.txt', upload: sent.body.pulp_href }],
    ] as const)
      assert.deepEqual((await call('right', 'POST', path, body)).body, apart, path);
    const modified = await call('', 'POST', `${right}modify/`, { add_content_units: [unit] });
    assert.deepEqual(modified.body, {
      add_content_units: [`Content units are not a part of the current domain right: ['${unit}']`],
    });
  });

  test('the same bytes and base paths can be in several domains', async () => {
    for (const name of ['one', 'two']) {
      await makeDomain(name);
      const href = await repository(name, 'r');
      await upload(name, 'file', 'shared bytes', href);
      await distribute(name, 'path', href);
    }
    for (const name of ['one', 'two'])
      assert.equal(await (await server.fetch(`/pulp/content/${name}/path/file`)).text(), 'shared bytes');
    const files = filesIn(join(server.data, 'media', 'artifact'));
    const { body } = await call('one', 'GET', 'artifacts/');
    const id = (await call('default', 'GET', 'domains/?name=one')).body.results[0].pulp_href.split('/').at(-2);
    const key = `${id}/${body.results[0].sha256.slice(0, 2)}/${body.results[0].sha256.slice(2)}`;
    assert.ok(files.includes(key), 'in a directory of the domain');
    assert.equal(body.results[0].file, `artifact/${key}`);
  });
});

suite('storage', () => {
  test('a domain can have a place of its own, and be moved', async () => {
    const [first, second] = [directory(), directory()];
    const made = await makeDomain('moving', { location: first });
    const href = await repository('moving', 'r');
    await upload('moving', 'a', 'first file', href);
    await distribute('moving', 'p', href);
    assert.equal(filesIn(first).filter((file) => file.startsWith('artifact/')).length, 2, 'the file and the manifest');
    const task = await ended(
      await call('moving', 'POST', 'domains/migrate/', {
        storage_class: FILE_SYSTEM,
        storage_settings: { location: second },
      }),
    );
    assert.equal(task.state, 'completed', JSON.stringify(task.error));
    const reports = task.progress_reports as { code: string; done: number; total: number }[];
    assert.deepEqual(
      reports.map(({ code, done, total }) => [code, done, total]),
      [
        ['migrate', 2, 2],
        ['update', 1, 1],
      ],
    );
    assert.deepEqual(task.reserved_resources_record, [made.prn]);
    const { body } = await call('default', 'GET', made.pulp_href);
    assert.equal(body.storage_settings.location, second);
    assert.deepEqual(filesIn(second).sort(), filesIn(first).sort());
    rmSync(first, { recursive: true });
    assert.equal(await (await server.fetch('/pulp/content/moving/p/a')).text(), 'first file');
    await upload('moving', 'b', 'second file', href);
    assert.equal(await (await server.fetch('/pulp/content/moving/p/b')).text(), 'second file');
  });

  test('a move that cannot find everything changes nothing', async () => {
    const [first, second] = [directory(), directory()];
    const made = await makeDomain('broken', { location: first });
    await upload('broken', 'a', 'lost', await repository('broken', 'r'));
    rmSync(join(first, 'artifact'), { recursive: true });
    const task = await ended(
      await call('broken', 'POST', 'domains/migrate/', {
        storage_class: FILE_SYSTEM,
        storage_settings: { location: second },
      }),
    );
    assert.equal(task.state, 'failed');
    assert.match(JSON.stringify(task.error), /missing file for artifact\(sha256=/);
    assert.equal((await call('default', 'GET', made.pulp_href)).body.storage_settings.location, first);
  });
});

suite('deletion', () => {
  test('is refused while objects are left, and takes orphans and their files along', async () => {
    const place = directory();
    const made = await makeDomain('doomed', { location: place });
    const href = await repository('doomed', 'r');
    await upload('doomed', 'a', 'in a repository', href);
    const full = await ended(await call('default', 'DELETE', made.pulp_href));
    assert.equal(full.state, 'failed');
    assert.match(
      JSON.stringify(full.error),
      /\[PLP0007\] You cannot delete a domain that still contains repositories with content/,
    );
    assert.equal((await ended(await call('', 'DELETE', href))).state, 'completed');
    const guard = await call('doomed', 'POST', 'contentguards/core/rbac/', { name: 'g' });
    const used = await ended(await call('default', 'DELETE', made.pulp_href));
    assert.match(JSON.stringify(used.error), /\[PLP0029\].*content guard \(1\)/);
    assert.equal((await call('', 'DELETE', guard.body.pulp_href)).status, 204);
    assert.ok(filesIn(place).some((file) => file.startsWith('artifact/')));
    const foreseen = await ended(await call('default', 'DELETE', `${made.pulp_href}?dry_run=true`));
    assert.ok(filesIn(place).some((file) => file.startsWith('artifact/')));
    const gone = await ended(await call('default', 'DELETE', made.pulp_href));
    assert.equal(gone.state, 'completed', JSON.stringify(gone.error));
    assert.deepEqual(gone.result, foreseen.result);
    const {
      'core.Domain': domains,
      'core.Content': units,
      'core.Artifact': artifacts,
    } = gone.result as Record<string, number>;
    assert.deepEqual([domains, units, artifacts], [1, 1, 2]);
    assert.equal((await call('default', 'GET', made.pulp_href)).status, 404);
    assert.deepEqual(
      filesIn(place).filter((file) => file.startsWith('artifact/')),
      [],
    );
    await makeDomain('doomed');
    assert.equal(
      (await call('doomed', 'GET', 'tasks/')).body.count,
      0,
      'a new domain of the name has nothing of the old one',
    );
  });
});
