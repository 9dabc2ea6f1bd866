/** Uploads: by a task, in the request, in chunks, into a repository; the same bytes again; bytes that are no unit. */
import assert from 'node:assert/strict';
import { sha256Of } from '../../../src/lib/crypto/digest.ts';
import { fieldsOf, type Place } from '../place.ts';
import type { SampleUnit } from '../plugin-conformance.ts';
import type { Suite } from '../suite.ts';

export function uploadChapter(suite: Suite): void {
  const { description } = suite;
  const { kept, added } = description.samples;

  suite.check('upload: by a task, and into a repository', ['upload'], async (place) => {
    const href = await place.upload(kept);
    assert.equal(description.pathOf(await place.get(href)), kept.path);
    const repository = await place.filled([kept, added]);
    await place.assertUnits(repository, [kept, added]);
    assert.equal(await place.latest(repository), 2);
    assert.equal((await place.units(repository)).get(kept.path).pulp_href, href, 'the unit that was there');
  });

  suite.check('upload: in the request', ['synchronous upload'], async (place) => {
    const { status, body } = await place.call('POST', `${place.list('content')}upload/`, synchronousForm(place, kept));
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(description.pathOf(await place.get(body.pulp_href)), kept.path);
  });

  suite.check('upload: in chunks', ['upload'], async (place) => {
    const upload = await chunked(place, kept);
    const task = await place.done('POST', place.list('content'), { ...fieldsOf(kept), upload });
    const href = task.created_resources.find((one: string) => one.includes('/content/'));
    assert.equal(description.pathOf(await place.get(href)), kept.path);
    assert.equal(await place.count(`artifacts/?sha256=${sha256Of(kept.bytes)}`), 1);
    assert.equal(await place.count('uploads/'), 0, 'the upload is used up');
  });

  for (const { name, says, ...unit } of description.refused ?? []) {
    suite.check(`upload: ${name}`, ['refused uploads'], async (place) => {
      const repository = await place.repository();
      const form = place.form(unit, { repository: repository.pulp_href });
      const { status, body } = await place.call('POST', place.list('content'), form);
      if (status === 202) {
        const task = await place.ended(body.task);
        assert.equal(task.state, 'failed');
        assert.match(task.error.description, says);
      } else {
        assert.equal(status, 400, JSON.stringify(body));
        assert.match(JSON.stringify(body), says);
      }
      assert.equal(await place.latest(repository), 0);
      assert.equal(await place.count(place.list('content')), 0);
    });
  }
}

/** Without the fields that an upload in the request does not have. */
function synchronousForm(place: Place, unit: SampleUnit): FormData {
  const form = place.form(unit);
  for (const name of place.description.content.upload?.synchronous?.without ?? []) form.delete(name);
  return form;
}

/** An upload with the bytes of a unit in two chunks. */
async function chunked(place: Place, { bytes }: SampleUnit): Promise<string> {
  const { pulp_href: href } = await place.make('uploads/', { size: bytes.length });
  const half = Math.floor(bytes.length / 2);
  for (const [from, to] of [
    [half, bytes.length],
    [0, half],
  ] as const) {
    const form = new FormData();
    form.set('file', new Blob([new Uint8Array(bytes.subarray(from, to))]), 'chunk');
    const headers = { 'content-range': `bytes ${from}-${to - 1}/${bytes.length}` };
    const response = await place.server.fetch(href, { method: 'PUT', body: form, headers });
    assert.equal(response.status, 200, await response.text());
  }
  return href;
}
