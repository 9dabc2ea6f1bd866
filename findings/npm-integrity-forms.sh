#!/usr/bin/env bash
# `dist.integrity` is a list of digests of any strength by its standard; deno takes but one sha512 or sha1, pnpm stumbles over what it does not know.
#
# Guess:       all installers read the field as subresource integrity is defined: several digests, the strongest known one counts, unknown
#              algorithms and options are ignored; and hexadecimal digits of `shasum` may be of either case.
# Seen:        npm and bun do so. deno fails with sha384 alone, with sha1 and sha512 side by side, with an unknown algorithm or an option beside a
#              sha512, and with an upper-case shasum. pnpm finds `no matching version` where an unknown algorithm is listed, and fails with an option.
#              All digests named are right each time.
# Versions:    npm 11.19.1, pnpm 12.21.0, bun 1.4.5, deno 2.9.6.
# Consequence: write one sha512 and a lower-case shasum for everything that is hosted. What an upstream wrote otherwise has to be passed on word for
#              word, as lock files hold it, but such a version works for some installers only: report it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/npm-installers.sh"
need_npm_installers
one() { printf '"%s": {"tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {"dist": %s}}}' "$1" "$2"; }
npm_registry "{
  $(one usual '{}'),
  $(one sha384 '{"integrity": "sha384-{sha384}"}'),
  $(one several '{"integrity": "sha1-{sha1} sha512-{sha512}"}'),
  $(one unknown '{"integrity": "sha3-{sha256} sha512-{sha512}"}'),
  $(one option '{"integrity": "sha512-{sha512}?note"}'),
  $(one upper '{"integrity": null, "shasum": "{UPPER-SHA1}"}')
}"

# takes NAME: which installers install it.
takes() {
  local tool all=''
  for tool in npm pnpm bun deno; do
    [[ $(installed_by "$tool" "$1" 1.0.0) == none ]] || all+="${all:+ }$tool"
  done
  echo "$all"
}
check 'one sha512' 'npm pnpm bun deno' "$(takes usual)"
check 'one sha384' 'npm pnpm bun' "$(takes sha384)"
check 'sha1 and sha512' 'npm pnpm bun' "$(takes several)"
check 'an unknown algorithm and sha512' 'npm bun' "$(takes unknown)"
check 'sha512 with an option' 'npm bun' "$(takes option)"
check 'shasum in upper case, no integrity' 'npm pnpm bun' "$(takes upper)"
