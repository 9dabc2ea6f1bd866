#!/usr/bin/env bash
# `deprecated: ""`, which `npm deprecate NAME ""` sends to take a deprecation back, still is a deprecation to pnpm.
#
# Guess:       the empty text means not deprecated, as npm documents it, to every installer; and a range takes the version that `latest` names when it
#              fits, deprecated or not.
# Seen:        with 1.1.0 as latest and 1.2.0 beside it, `^1.0.0` gives 1.1.0. When 1.1.0 is deprecated, npm, pnpm and bun take 1.2.0 that nobody
#              released as latest; yarn 1 and deno stay at 1.1.0. After `deprecated: ""` npm and bun are back at 1.1.0, pnpm is not.
#              (yarn 4 takes 1.2.0 at all times: it has no regard to latest in ranges.)
# Versions:    npm 11.19.1, pnpm 12.21.0, yarn 1.22.22 and 4.18.1, bun 1.4.5, deno 2.9.6.
# Consequence: a registry that stores the document as npm sends it makes pnpm avoid the version for ever. An empty `deprecated` has to be taken out of
#              the version when it is stored, and when an upstream's document is handed on.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/npm-installers.sh"
need_npm_installers
npm_registry '{
  "never": {"tags": {"latest": "1.1.0"}, "versions": {"1.0.0": {}, "1.1.0": {}, "1.2.0": {}}},
  "now": {"tags": {"latest": "1.1.0"}, "versions": {"1.0.0": {}, "1.1.0": {"deprecated": "use another"}, "1.2.0": {}}},
  "undone": {"tags": {"latest": "1.1.0"}, "versions": {"1.0.0": {}, "1.1.0": {"deprecated": ""}, "1.2.0": {}}}
}'

check 'not deprecated' 'npm 1.1.0, pnpm 1.1.0, yarn1 1.1.0, yarn4 1.2.0, bun 1.1.0, deno 1.1.0' "$(installed_by_all never ^1.0.0)"
check 'latest deprecated' 'npm 1.2.0, pnpm 1.2.0, yarn1 1.1.0, yarn4 1.2.0, bun 1.2.0, deno 1.1.0' "$(installed_by_all now ^1.0.0)"
check 'deprecated ""' 'npm 1.1.0, pnpm 1.2.0, yarn1 1.1.0, yarn4 1.2.0, bun 1.1.0, deno 1.1.0' "$(installed_by_all undone ^1.0.0)"

export HOME=$work npm_config_cache=$work/cache
printf '%s\n' "registry=$registry/" "//127.0.0.1:$port/:_authToken=any" >"$work/.npmrc"
(cd "$work" && node node_modules/npm/bin/npm-cli.js deprecate now@1.1.0 '' >/dev/null 2>&1)
cat >"$work/sent.mjs" <<'JS'
import { readFileSync } from 'node:fs';
console.log(JSON.stringify(JSON.parse(readFileSync(process.argv[2], 'utf8')).versions['1.1.0'].deprecated));
JS
check 'npm deprecate NAME "" sends' '""' "$(node "$work/sent.mjs" "$work/requests.log.put")"
