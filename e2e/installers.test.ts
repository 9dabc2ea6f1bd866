/** Published installers and publishers of Python packages against an index: pip, uv, twine, poetry, pdm, with packages made here. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { useShell } from '../test/docs/guide-shell.ts';
import { startServer } from '../test/support/server.ts';
import { installersVariable } from './python-clients.ts';

const bin = process.env[installersVariable];
assert.ok(bin, 'Run this by: npm run e2e');
const server = await startServer({ settings: { web: 2, workers: 2 } });
const shell = useShell(server, server.url, [bin]);

/** Nothing that the machine is configured to install from; a function that makes and builds a package of a name, a version and dependencies. */
const PRELUDE = `
export PIP_CONFIG_FILE=/dev/null PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_NO_CONFIG=1 UV_PYTHON_DOWNLOADS=never
export UV_PYTHON=${join(bin, 'python')} UV_LINK_MODE=copy POETRY_VIRTUALENVS_IN_PROJECT=true POETRY_NO_INTERACTION=1 PDM_CHECK_UPDATE=false
export PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring TWINE_USERNAME=admin TWINE_PASSWORD=$DECKLE_PASSWORD TWINE_NON_INTERACTIVE=1
index=$DECKLE/pypi/e2e
project() {
  mkdir -p $1-$2
  cp '${join(import.meta.dirname, 'backend.py')}' $1-$2/backend.py
  printf '[project]\\nname = "%s"\\nversion = "%s"\\nrequires-python = ">=3.9"\\ndependencies = [%s]\\n[build-system]\\nrequires = []\\nbuild-backend = "backend"\\nbackend-path = ["."]\\n' "$1" "$2" "$3" > $1-$2/pyproject.toml
}
package() { project "$@"; python -m build --no-isolation $1-$2 > $1-$2/build.log; }
# twine itself allows --skip-existing for the public index only; what it then does with our answers is what counts.
unlocked_twine() {
  python -c 'import sys; from twine import settings, __main__; settings.Settings.verify_feature_capability = lambda self: None; sys.exit(__main__.main())' "$@"
}
fails() { if "$@" > failed.log 2>&1; then echo "this did not fail: $*"; return 1; fi; }
`;

const run = (text: string) => shell.run(PRELUDE + text);

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into as they come
async function call(method: string, path: string, input?: object): Promise<any> {
  const response = await server.fetch(path.startsWith('/') ? path : `/pulp/api/v3/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(input && { body: JSON.stringify(input) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const body = (await response.json()) as any;
  assert.ok(response.ok, `${method} ${path}: ${JSON.stringify(body)}`);
  return body.task ? await ended(body.task) : body;
}

async function ended(task: string): Promise<void> {
  for (;;) {
    const { state, error } = await call('GET', task);
    if (state === 'completed') return;
    assert.ok(state === 'waiting' || state === 'running', JSON.stringify(error));
  }
}

const repository = await call('POST', 'repositories/python/python/', { name: 'e2e' });
await call('POST', 'distributions/python/pypi/', { name: 'e2e', base_path: 'e2e', repository: repository.pulp_href });

test('twine uploads a wheel and a source distribution, once', async () => {
  await run(`package alpha 1.0
    twine check alpha-1.0/dist/*
    twine upload --repository-url $index/legacy/ alpha-1.0/dist/*
    fails twine upload --repository-url $index/legacy/ alpha-1.0/dist/*
    grep -q 'already exists' failed.log
    unlocked_twine upload --skip-existing --repository-url $index/legacy/ alpha-1.0/dist/*
    fails twine upload -p wrong --repository-url $index/legacy/ alpha-1.0/dist/*.whl
    echo broken > alpha-3.0-py3-none-any.whl
    fails twine upload --repository-url $index/simple/ alpha-3.0-py3-none-any.whl`);
});

test('pip installs, downloads the kind it is told to, and checks hashes', async () => {
  const said = await run(`package beta 1.0 '"alpha>=1.0"'
    twine upload --repository-url $index/simple/ beta-1.0/dist/*
    pip install --index-url $index/simple/ --target installed beta
    PYTHONPATH=installed python -c 'import alpha, beta; print(alpha.VERSION, beta.VERSION)'
    pip download --index-url $index/simple/ --only-binary :all: --dest wheels beta
    pip download --index-url $index/simple/ --no-binary :all: --no-build-isolation --dest sdists beta
    ls wheels sdists
    echo "alpha==1.0 --hash=sha256:$(sha256sum alpha-1.0/dist/*.whl | cut -d' ' -f1)" > hashed.txt
    pip install --index-url $index/simple/ --require-hashes -r hashed.txt --target hashed
    echo "alpha==1.0 --hash=sha256:$(printf x | sha256sum | cut -d' ' -f1)" > wrong.txt
    fails pip install --index-url $index/simple/ --require-hashes -r wrong.txt --target wrong
    fails pip install --index-url $index/simple/ --target none nobody-has-this`);
  assert.match(said, /^1\.0 1\.0$/m);
  for (const file of [
    'alpha-1.0-py3-none-any.whl',
    'beta-1.0-py3-none-any.whl',
    'alpha-1.0.tar.gz',
    'beta-1.0.tar.gz',
  ]) {
    assert.ok(said.includes(`\n${file}`), `${file} is missing in ${said}`);
  }
});

test('pip installs a working tree whose dependencies come from the index', async () => {
  const said = await run(`project delta 0.1 '"beta"'
    python -m venv editable
    editable/bin/pip install --quiet --index-url $index/simple/ --no-build-isolation --editable ./delta-0.1
    editable/bin/pip list --editable
    editable/bin/python -c 'import alpha; print(alpha.VERSION)'`);
  assert.match(said, /delta +0\.1/);
});

test('an upload is there for pip as soon as the client has been answered', async () => {
  for (let at = 1; at <= 8; at++) {
    await run(`package fresh 1.${at}
      twine upload --repository-url $index/legacy/ fresh-1.${at}/dist/*.whl
      pip download --quiet --index-url $index/simple/ --dest fresh fresh==1.${at}`);
  }
});

test('uv publishes, passes over what is there, installs, locks and syncs', async () => {
  const said = await run(`package gamma 2.0 '"beta"'
    uv publish --publish-url $index/legacy/ --username admin --password $DECKLE_PASSWORD gamma-2.0/dist/*
    uv publish --publish-url $index/legacy/ --check-url $index/simple/ --username admin --password $DECKLE_PASSWORD gamma-2.0/dist/* 2>&1
    uv pip install --index-url $index/simple/ --target by-uv gamma
    PYTHONPATH=by-uv python -c 'import gamma, beta, alpha; print("uv has", gamma.VERSION)'
    mkdir uv-project && cd uv-project
    printf '[project]\\nname = "user"\\nversion = "0"\\nrequires-python = ">=3.9"\\ndependencies = ["gamma"]\\n[[tool.uv.index]]\\nname = "e2e"\\nurl = "%s/simple/"\\ndefault = true\\n' $index > pyproject.toml
    unset UV_NO_CONFIG
    uv lock && uv sync --locked
    .venv/bin/python -c 'import gamma; print("uv synced", gamma.VERSION)'
    grep -c 'sha256:' uv.lock`);
  assert.match(said, /already exists, skipping|Skipping/i);
  assert.match(said, /uv has 2\.0/);
  assert.match(said, /uv synced 2\.0/);
});

test('poetry publishes, locks and installs', async () => {
  const said = await run(`package epsilon 1.0 '"gamma"'
    poetry config repositories.e2e $index/legacy/
    (cd epsilon-1.0 && poetry publish --repository e2e --username admin --password $DECKLE_PASSWORD)
    (cd epsilon-1.0 && poetry publish --skip-existing --repository e2e --username admin --password $DECKLE_PASSWORD)
    mkdir poetry-project && cd poetry-project
    printf '[project]\\nname = "user"\\nversion = "0"\\nrequires-python = ">=3.9"\\ndependencies = ["epsilon"]\\n[tool.poetry]\\npackage-mode = false\\n[[tool.poetry.source]]\\nname = "e2e"\\nurl = "%s/simple/"\\npriority = "primary"\\n' $index > pyproject.toml
    poetry lock && poetry install
    .venv/bin/python -c 'import epsilon, alpha; print("poetry has", epsilon.VERSION)'`);
  assert.match(said, /poetry has 1\.0/);
});

test('pdm publishes, locks and installs', async () => {
  const said = await run(`package zeta 1.0 '"beta"'
    (cd zeta-1.0 && pdm publish --no-build --repository $index/legacy/ --username admin --password $DECKLE_PASSWORD)
    mkdir pdm-project && cd pdm-project
    printf '[project]\\nname = "user"\\nversion = "0"\\nrequires-python = ">=3.9"\\ndependencies = ["zeta"]\\n[tool.pdm]\\ndistribution = false\\n[[tool.pdm.source]]\\nname = "pypi"\\nurl = "%s/simple/"\\nverify_ssl = false\\n' $index > pyproject.toml
    pdm lock && pdm sync
    .venv/bin/python -c 'import zeta, alpha; print("pdm has", zeta.VERSION)'`);
  assert.match(said, /pdm has 1\.0/);
});

test('a release that was taken back is installed only when it is asked for', async () => {
  await run(`for version in 1.0 2.0; do package eta $version; done
    twine upload --repository-url $index/legacy/ eta-*/dist/*`);
  await call('POST', '/pypi/e2e/yank/', { name: 'eta', version: '2.0', yanked_reason: 'does harm' });
  const said =
    await run(`pip download --index-url $index/simple/ --dest eta eta && pip download --index-url $index/simple/ --dest eta2 eta==2.0 2>&1
    ls eta`);
  assert.match(said, /eta-1\.0-py3-none-any\.whl/);
  assert.match(said, /does harm/);
});

test('files of another index come through this one, beside its own', async () => {
  const remote = await call('POST', 'remotes/python/python/', { name: 'through', url: `${server.url}/pypi/e2e/` });
  const mixed = await call('POST', 'repositories/python/python/', { name: 'mixed' });
  const { pulp_href: repositoryHref } = mixed;
  await call('POST', 'distributions/python/pypi/', {
    name: 'mixed',
    base_path: 'mixed',
    repository: repositoryHref,
    remote: remote.pulp_href,
  });
  const said = await run(`package theta 1.0 '"gamma"'
    twine upload --repository-url $DECKLE/pypi/mixed/legacy/ theta-1.0/dist/*
    pip install --index-url $DECKLE/pypi/mixed/simple/ --target through theta
    uv pip install --index-url $DECKLE/pypi/mixed/simple/ --target through-uv theta
    PYTHONPATH=through python -c 'import theta, gamma, beta, alpha; print("through", alpha.VERSION)'`);
  assert.match(said, /through 1\.0/);
});

test('pip follows to the pages of a publication', async () => {
  await call('POST', 'publications/python/pypi/', { repository: repository.pulp_href });
  const page = await fetch(`${server.url}/pypi/e2e/simple/alpha/`, { redirect: 'manual' });
  assert.equal(page.status, 302);
  await run(
    'pip install --index-url $index/simple/ --target published gamma && PYTHONPATH=published python -c "import alpha"',
  );
});
