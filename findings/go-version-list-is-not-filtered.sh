#!/usr/bin/env bash
# One odd line in a module's version list costs go its `@latest`: go takes the highest line first and asks later whether it can be a version.
#
# Guess:       go skips the lines of @v/list that cannot be versions of this module: v2.0.0 without /v2 in the path, the short v1.2, a version with
#              build metadata, as it skips pseudo-versions and words.
# Seen:        v2.0.0 is listed and chosen as latest, and its .mod is asked for and fails; v1.2 makes the query @v1 fail; v1.3.0+meta is chosen and
#              ends as `internal error` or `non-canonical module version`. Words, v01.0.0 and pseudo-versions are skipped. Nothing falls back to the
#              next version.
# Versions:    go 1.26.8.
# Consequence: a server that makes the list from tags or uploads must filter it: canonical versions only, without build metadata, the major version as
#              in the module's path (or +incompatible). One v2.0.0 tag of a repository without /v2 breaks its module for everybody.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
check 'version: go' go1.26.8 "$(GOTOOLCHAIN=local go env GOVERSION)"

cat >"$work/proxy.py" <<'PY'
import json, os, sys, zipfile

def module(name, *more_lines):
    path = f'demo.test/{name}'
    folder = f'{sys.argv[1]}/{path}/@v'
    os.makedirs(folder)
    text = f'module {path}\n\ngo 1.20\n'
    for version in ('v1.0.0', 'v1.1.0'):
        with open(f'{folder}/{version}.mod', 'w') as file:
            file.write(text)
        with open(f'{folder}/{version}.info', 'w') as file:
            json.dump({'Version': version, 'Time': '2020-01-01T00:00:00Z'}, file)
        with zipfile.ZipFile(f'{folder}/{version}.zip', 'w') as archive:
            archive.writestr(f'{path}@{version}/go.mod', text)
            archive.writestr(f'{path}@{version}/demo.go', f'package {name}\n')
    with open(f'{folder}/list', 'w') as file:
        file.write('\n'.join(('v1.0.0', 'v1.1.0') + more_lines) + '\n')

module('plain', 'words', 'v01.0.0', 'v1.9.0-0.20200101000000-abcdefabcdef')
module('major', 'v2.0.0')
module('short', 'v1.2')
module('meta', 'v1.3.0+meta')
PY
python3 "$work/proxy.py" "$work/proxy"

export GOPROXY=file://$work/proxy GONOSUMDB='*' GOMODCACHE=$work/cache GOCACHE=$work/build GOTOOLCHAIN=local GOFLAGS=-mod=mod
mkdir "$work/user"
cd "$work/user"
printf 'module user\n\ngo 1.20\n' >go.mod

# What go takes for module@query, or the end of the reason why it takes none.
ask() {
  go mod download -json "demo.test/$1" >"$work/answer" 2>&1 || true
  python3 -c 'import json, sys
answer = json.load(sys.stdin)
print(answer.get("Error", answer["Version"]).replace(sys.argv[1], "").rsplit(": ", 1)[-1])' "$work" <"$work/answer"
}
check 'plain@latest' 'v1.1.0' "$(ask plain@latest)"
check 'v2.0.0 listed, major@latest' 'no such file or directory' "$(ask major@latest)"
check 'v2.0.0 listed, major@v1' 'v1.1.0' "$(ask major@v1)"
check 'v1.2 listed, short@latest' 'no such file or directory' "$(ask short@latest)"
check 'v1.3.0+meta listed, meta@latest' 'no such file or directory' "$(ask meta@latest)"
check 'v1.3.0+meta listed, meta@v1.1.0' 'v1.1.0' "$(ask meta@v1.1.0)"
