#!/usr/bin/env bash
# A version with build metadata (`1.0.0+b`) that a registry lists cannot be asked for by its name: npm and pnpm find nothing.
#
# Guess:       build metadata is ignored in comparisons, but an exact version is looked up by its name, so `1.0.0+b` installs what is listed so.
# Seen:        npm and pnpm drop the metadata from the request and look for the key `1.0.0`: a listed `1.0.0+b` comes through `^1.0.0`, but
#              neither as `1.0.0+b` nor as `1.0.0`. With `+a` and `+b` listed, asking for either gives `+a` in bun and yarn 4, `+b` in yarn 1
#              and deno. Where a plain `1.0.0` is listed too, all six install that one when `1.0.0+b` is asked for.
# Versions:    npm 11.19.1, pnpm 12.21.0, yarn 1.22.22 and 4.18.1, bun 1.4.5, deno 2.9.6.
# Consequence: accept one version of a precedence only and list it without build metadata; list an upstream's `1.0.0+b` as it is, since it is
#              still reached through ranges, but do not expect anybody to get it by its name.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/npm-installers.sh"
need_npm_installers
npm_registry '{
  "alone": {"tags": {"latest": "1.0.0+b"}, "versions": {"1.0.0+b": {}}},
  "pair": {"tags": {"latest": "1.0.0+b"}, "versions": {"1.0.0+a": {}, "1.0.0+b": {}}},
  "plain": {"tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {}, "1.0.0+b": {}}}
}'

check '1.0.0+b alone, asked ^1.0.0' 'npm 1.0.0+b, pnpm 1.0.0+b, yarn1 1.0.0+b, yarn4 1.0.0+b, bun 1.0.0+b, deno 1.0.0+b' \
  "$(installed_by_all alone ^1.0.0)"
check '1.0.0+b alone, asked 1.0.0+b' 'npm none, pnpm none, yarn1 1.0.0+b, yarn4 1.0.0+b, bun 1.0.0+b, deno 1.0.0+b' \
  "$(installed_by_all alone 1.0.0+b)"
check '1.0.0+b alone, asked 1.0.0' 'npm none, pnpm none' "npm $(installed_by npm alone 1.0.0), pnpm $(installed_by pnpm alone 1.0.0)"
check '+a and +b, asked 1.0.0+a' 'npm none, pnpm none, yarn1 1.0.0+b, yarn4 1.0.0+a, bun 1.0.0+a, deno 1.0.0+b' \
  "$(installed_by_all pair 1.0.0+a)"
check '+a and +b, asked 1.0.0+b' 'yarn1 1.0.0+b, bun 1.0.0+a' "yarn1 $(installed_by yarn1 pair 1.0.0+b), bun $(installed_by bun pair 1.0.0+b)"
check '1.0.0 and 1.0.0+b, asked 1.0.0+b' 'npm 1.0.0, pnpm 1.0.0, yarn1 1.0.0, yarn4 1.0.0, bun 1.0.0, deno 1.0.0' \
  "$(installed_by_all plain 1.0.0+b)"
