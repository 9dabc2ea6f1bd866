/** Upstreams that lie or fail: nothing is deleted that a direct look did not confirm, no wrong byte is served. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Lie, lyingProxy } from './lying-proxy.ts';
import { startPeer } from './servers.ts';

const LIST = '/distributions/file/file/?';

test('an upstream that lies', { timeout: 300_000 }, async (t) => {
  const [upstream, replica] = await Promise.all([
    startPeer(),
    startPeer({ settings: { workers: 2, replication_answer_mb: 2, replication_answer_timeout: 3 } }),
  ]);
  const one = await upstream.serve('one', { f: 'one' });
  await upstream.serve('two', { f: 'two' });
  const proxy = await lyingProxy(upstream.server);
  const href = await replica.upstream(proxy.server, {
    name: 'liar',
    max_delete: '100%',
    max_retries: 1,
    sock_read_timeout: 2,
  });
  assert.deepEqual((await replica.replicate(href)).errors, []);
  const served = async () => [await replica.read('one/f'), await replica.read('two/f')];

  const lies: [name: string, Lie, RegExp][] = [
    ['an empty list', on(LIST, (body) => ({ ...body, count: 0, results: [] })), /leaves out '(one|two)'/],
    [
      'a list without one',
      on(LIST, (body) => ({ ...body, count: 1, results: body.results.slice(1) })),
      /leaves out '(one|two)'/,
    ],
    [
      'a truncated page',
      on(LIST, (body) => ({ ...body, results: body.results.slice(1) })),
      /page 1, ends after 1 of 2/,
    ],
    ['one twice', on(LIST, (body) => ({ ...body, results: [body.results[0], body.results[0]] })), /a second time/],
    ['more than counted', on(LIST, (body) => ({ ...body, count: 1 })), /has more objects than the 1/],
    ['a million', on(LIST, (body) => ({ ...body, count: 9_999_999 })), /counts 9999999 objects/],
    ['no list', on(LIST, () => ({ hello: 'world' })), /is no list of objects/],
    [
      '500',
      (path) => (path.includes(LIST) ? { status: 500, body: { detail: 'oops' } } : undefined),
      /status 500: .*oops/,
    ],
    [
      '403',
      (path) => (path.includes(LIST) ? { status: 403, body: { detail: 'keep out' } } : undefined),
      /status 403: .*keep out/,
    ],
    ['silence', (path) => (path.includes(LIST) ? 'hang' : undefined), /[Tt]imeout/],
    [
      'a list that never ends',
      (path) => (path.includes(LIST) ? 'drip' : undefined),
      /page 1 was not complete after 3 s/,
    ],
    [
      'a list that is too large',
      on(LIST, (body) => ({ ...body, more: 'x'.repeat(3e6) })),
      /page 1 could not be read: The answer has more than 2097152 bytes/,
    ],
    ['a wrong count', on(LIST, (body) => ({ ...body, count: 5 })), /ends after 2 of 5 objects/],
    ['a list that breaks off', (path) => (path.includes(LIST) ? 'cut' : undefined), /not completed/],
    ['a status that is none', on('/status/', () => ({})), /is no status of a Pulp server/],
  ];
  for (const [name, lie, expected] of lies) {
    await t.test(name, async () => {
      proxy.lie = lie;
      const result = await replica.replicate(href);
      proxy.lie = () => undefined;
      assert.equal(result.state, 'failed');
      assert.match(result.errors[0]!, /PLP0014.*External service '.*' failed: .*upstream 'liar'/s);
      assert.match(result.errors[0]!, expected);
      assert.deepEqual(await served(), ['one', 'two']);
      assert.equal((await replica.lastRun(href)).state, 'failed');
    });
  }

  await t.test('wrong bytes fail the item by name, nothing switches, and a later run heals it', async () => {
    await upstream.publish(one.repository, { f: 'one more', g: 'G' });
    const two = await upstream.distribution('two');
    await upstream.change(two.pulp_href, { pulp_labels: { seen: 'yes' } });
    proxy.lie = (path, answer) => (path.endsWith('/one/g') ? { ...answer, body: Buffer.from('X') } : undefined);
    const result = await replica.replicate(href);
    assert.match(
      result.errors.join('\n'),
      /PLP0018.*1 subtask\(s\) did not complete.*distribution 'one' of upstream 'liar'.*(checksum|digest|size)/s,
    );
    assert.deepEqual(await served(), ['one', 'two']);
    assert.deepEqual(Object.keys((await replica.distribution('two')).pulp_labels), ['UpstreamPulp']);
    const run = await replica.lastRun(href);
    assert.equal(run.state, 'failed');
    const item = run.items.find((one: { name: string }) => one.name === 'one');
    assert.equal(item.state, 'failed');
    assert.ok(item.task);
    await replica.change(href, { on_failure: 'exclude' });
    const partial = await replica.replicate(href);
    assert.equal((await replica.lastRun(href)).state, 'partial', partial.errors.join());
    assert.equal((await replica.distribution('two')).pulp_labels.seen, 'yes');
    assert.deepEqual(await served(), ['one', 'two']);
    proxy.lie = () => undefined;
    const retried = await replica.call('POST', `${(await replica.lastRun(href)).pulp_href}retry/`, {});
    assert.deepEqual((await replica.follow(retried.body.task_group)).errors, []);
    assert.deepEqual(await served(), ['one more', 'two']);
    assert.equal((await replica.lastRun(href)).state, 'active');
    await replica.change(href, { on_failure: 'abort' });
  });

  const impossible: [values: object, expected: RegExp][] = [
    [
      { base_path: '../up' },
      /distribution 'one' at '\.\.\/up' against .*base_path: .*not in canonical form\. \.\.\/up/,
    ],
    [{ base_path: '/one' }, /base_path: .*not in canonical form\. \/one/],
    [{ base_path: 'a//b' }, /base_path: .*not in canonical form\. a\/\/b/],
    [{ base_path: null }, /base_path: This field may not be null/],
    [{ name: '' }, /distribution '' at 'one' against .* name: This field may not be blank/],
    [{ pulp_labels: { deep: { er: 1 } } }, /pulp_labels: /],
    [
      { base_url: 'file:///etc/' },
      /remote url: url 'file:\/\/\/etc\/PULP_MANIFEST' starts with a not allowed import path/,
    ],
  ];
  for (const [values, expected] of impossible) {
    await t.test(`what no request could set is a conflict: ${JSON.stringify(values)}`, async () => {
      const change = (row: { name: string }) => (row.name === 'one' ? { ...row, ...values } : row);
      proxy.lie = on(LIST, (body) => ({ ...body, results: body.results.map(change) }));
      const { errors } = await replica.replicate(href);
      proxy.lie = () => undefined;
      assert.match(errors.join('\n'), /PLP0018.*1 conflict\(s\).*unsupported: .*values that cannot be set here/s);
      assert.match(errors.join('\n'), expected);
      assert.deepEqual(await served(), ['one more', 'two']);
    });
  }

  await t.test('and so are values of the repository behind it', async () => {
    proxy.lie = on(LIST, (body) => {
      for (const { served } of body.results) Object.assign(served.repository, { retain_repo_versions: 0 });
      return body;
    });
    const { errors } = await replica.replicate(href);
    proxy.lie = () => undefined;
    assert.match(errors.join('\n'), /2 conflict\(s\).*repository retain_repo_versions: Ensure this value is greater/s);
  });

  await t.test('a file that is missing upstream in the middle', async () => {
    await upstream.publish(one.repository, { f: 'third' });
    proxy.lie = (path) => (path.endsWith('/one/f') ? { status: 404, body: {} } : undefined);
    assert.match((await replica.replicate(href)).errors.join('\n'), /distribution 'one'.*404/s);
    assert.deepEqual(await served(), ['one more', 'two']);
  });

  await t.test('a manifest that lies about a digest is found out before anything is fetched on demand', async () => {
    await replica.change(href, { remote_policy: 'on_demand' });
    await upstream.publish(one.repository, { f: 'honest', g: 'G' });
    const wrong = 'ab'.repeat(32);
    proxy.lie = (path, answer) => {
      if (!path.endsWith('/one/PULP_MANIFEST')) return undefined;
      return { ...answer, body: Buffer.from(answer.body.toString().replace(/^f,[0-9a-f]{64}/m, `f,${wrong}`)) };
    };
    const result = await replica.replicate(href);
    assert.match(
      result.errors.join(),
      new RegExp(`distribution 'one' of upstream 'liar': 'f' came with the digest ${wrong}`),
    );
    assert.deepEqual(await served(), ['one more', 'two']);
    proxy.lie = () => undefined;
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.deepEqual(await served(), ['honest', 'two']);
    await replica.change(href, { remote_policy: null });
  });

  await t.test('what changes upstream while it is fetched is fetched until it holds still', async () => {
    let changes = 0;
    proxy.lie = () => undefined;
    const repository = one.repository as string;
    await upstream.publish(repository, { f: 'about to move' });
    const original = proxy.lie;
    let pending: Promise<void> | undefined;
    proxy.lie = (path) => {
      if (path.endsWith('/one/PULP_MANIFEST') && changes < 2) {
        changes++;
        pending = upstream.publish(repository, { f: `moving ${changes}` });
      }
      return undefined;
    };
    const result = await replica.replicate(href);
    await pending;
    proxy.lie = original;
    assert.deepEqual(result.errors, []);
    const end = await replica.replicate(href);
    assert.deepEqual(end.errors, []);
    assert.ok(changes > 0);
    assert.equal(await replica.read('one/f'), `moving ${changes}`);
  });

  await t.test('an unchanged run asks for one list', async () => {
    proxy.asked.length = 0;
    assert.deepEqual((await replica.replicate(href)).errors, []);
    assert.equal(proxy.asked.filter((path) => path.includes(LIST)).length, 1);
    assert.ok(
      proxy.asked.every((path) => !path.includes('/content/')),
      proxy.asked.join(),
    );
  });
});

// biome-ignore lint/suspicious/noExplicitAny: bodies are changed as they come
function on(part: string, change: (body: any) => any): Lie {
  return (path, answer) => (path.includes(part) ? { ...answer, body: change(answer.body) } : undefined);
}
