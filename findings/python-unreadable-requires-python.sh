#!/usr/bin/env bash
# A file whose requires-python cannot be read is open to all for pip, and not there for uv, though some mistakes are read by both.
#
# Guess:       installers ignore what they cannot read in requires-python, as old uploads are full of it, and both ignore the same.
# Seen:        pip installs the file in each case; uv passes over it without a word and takes an older version for `^3.8`, `3`, `~=3`, `>=3.6 <4`
#              and `>=3.x`. `>=3.6.*`, `<4.*` and a comma at the end are no mistakes to it.
# Versions:    pip 26.3, uv 0.13.9.
# Consequence: check the field at upload; a mirrored file with such a value has to be served with it as it is, but should be reported, since half of
#              the users silently get another version.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
with_python_index <<'PY'
from python_index import Index

index = Index()
for value in ('>=3.6', '>=3.6.*', '>=2.7,<4.*', '>=3.6,', '^3.8', '3', '~=3', '>=3.6 <4', '>=3.x'):
    name = f'project{len(index.pages)}'
    index.json(name, index.wheel(name, '1.0'), index.wheel(name, '2.0', **{'requires-python': value}))
    index.show(f'2.0 with {value}', name)
PY
sed -E -i 's/project[0-9]-([12]\.0)-py3-none-any\.whl/\1/g' "$work/seen"
check_lines <<'SEEN'
2.0 with >=3.6: pip 2.0, uv 2.0
2.0 with >=3.6.*: pip 2.0, uv 2.0
2.0 with >=2.7,<4.*: pip 2.0, uv 2.0
2.0 with >=3.6,: pip 2.0, uv 2.0
2.0 with ^3.8: pip 2.0, uv 1.0
2.0 with 3: pip 2.0, uv 1.0
2.0 with ~=3: pip 2.0, uv 1.0
2.0 with >=3.6 <4: pip 2.0, uv 1.0
2.0 with >=3.x: pip 2.0, uv 1.0
SEEN
