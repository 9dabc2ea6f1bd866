/** The document of the API: whole in itself, with every operation of the type's resources, and what Pulp's document has of them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HrefReader } from '../../../src/api/engine/hrefs.ts';
import { routesOf } from '../../../src/api/engine/routes.ts';
import { roleActionsBy } from '../../../src/api/role-actions.ts';
import { modelsOf } from '../../../src/api/types/plugin-resources.ts';
import { apiDocument } from '../../../src/app/program/api-document.ts';
import { labelOf } from '../../../src/plugin-api/declare/model.ts';
import { accepted } from '../../openapi/accepted.ts';
import { compare } from '../../openapi/compare.ts';
import { type DocumentLike, type Facts, factsOf } from '../../openapi/facts.ts';
import { program } from '../../support/program.ts';
import type { Suite } from '../suite.ts';

function documentOf(options: { pkPath?: true }): DocumentLike {
  return JSON.parse(
    apiDocument(program, { apiRoot: '/pulp/', domainEnabled: false }, { form: 'json', ...options }),
  ) as DocumentLike;
}

export function documentChapter(suite: Suite): void {
  const { plugin } = suite.description;
  const facts = factsOf(documentOf({}));
  /** Under the paths that are requested, instead of the names of hrefs. */
  const byRequest = factsOf(documentOf({ pkPath: true }));

  suite.test('document: the server answers it, and every component it names is there', undefined, async () => {
    const response = await suite.server.fetch('/pulp/api/v3/docs/api.json');
    assert.equal(response.status, 200);
    const text = await response.text();
    const { components } = JSON.parse(text) as DocumentLike;
    const names = new Set([...text.matchAll(/#\/components\/schemas\/([\w.-]+)"/g)].map(([, name]) => name!));
    assert.deepEqual(
      [...names].filter((name) => !(name in components.schemas)),
      [],
    );
  });

  suite.test('document: every operation of every resource of the type is there', undefined, () => {
    const labels = new Set(modelsOf(plugin).map(labelOf));
    const hrefs = new HrefReader(program.models, { apiRoot: '/pulp/', domainEnabled: false });
    const resources = program.resources.filter(({ model }) => labels.has(labelOf(model)));
    assert.equal(new Set(resources.map(({ model }) => labelOf(model))).size, labels.size);
    const documented = new Set(Object.keys(byRequest.operations).map((key) => key.replaceAll(/\{[^}]*\}/g, ':id')));
    for (const { method, path } of resources.flatMap((one) => routesOf(one, hrefs, roleActionsBy(program.access)))) {
      const operation = `${method} /pulp/api/v3/${path.replaceAll(/:(pk|parent)/g, ':id')}`;
      assert.ok(documented.has(operation), `${operation} is not in the document`);
    }
    const ids = Object.values(facts.operations).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  const golden = join(import.meta.dirname, '..', '..', 'openapi', 'golden', `${plugin.name}.json`);
  const reason = existsSync(golden) ? undefined : 'no facts of Pulp’s document, see scripts/make-openapi-golden.ts';
  suite.test('document: has what Pulp’s document has', reason, () => {
    const { problems } = compare(JSON.parse(readFileSync(golden, 'utf8')) as Facts, facts);
    const unknown = problems.filter((problem) => !accepted.some(({ place }) => problem.startsWith(place)));
    assert.deepEqual(unknown, []);
  });
}
