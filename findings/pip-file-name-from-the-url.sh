#!/usr/bin/env bash
# pip takes a file's name from the last part of its URL, not from `filename` in the JSON page; uv does it the other way round.
#
# Guess:       the JSON form has `filename` so that a URL may be anything, such as a content-addressed one; both installers use it.
# Seen:        a wheel at /blobs/DIGEST does not exist for pip, and one whose URL ends in another version's name is that version to it, which it then
#              refuses; uv installs both. A query after the name does no harm to either.
# Versions:    pip 26.3, uv 0.13.9.
# Consequence: the URL in a page must end in the file's name, percent-encoded, also when it points to an object store: put what else is needed before
#              it or into the query, or answer with a redirect.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
with_python_index <<'PY'
from python_index import Index
from python_index import wheel

index = Index()
paths = {'plain': '/files/plain-1.0-py3-none-any.whl', 'digest': '/blobs/44136fa355b3678a', 'other': '/blobs/other-2.0-py3-none-any.whl'}
for name, path in paths.items():
    filename = f'{name}-1.0-py3-none-any.whl'
    index.json(name, index.file(filename, wheel(name, '1.0', 'installed'), path))
    index.show(path, name)
entry = index.file('query-1.0-py3-none-any.whl', wheel('query', '1.0', 'installed'))
entry['url'] += '?signature=a/b'
index.json('query', entry)
index.show('/files/query-1.0-py3-none-any.whl?signature=a/b', 'query')
PY
check_lines <<'SEEN'
/files/plain-1.0-py3-none-any.whl: pip installed, uv installed
/blobs/44136fa355b3678a: pip refused, uv installed
/blobs/other-2.0-py3-none-any.whl: pip refused, uv installed
/files/query-1.0-py3-none-any.whl?signature=a/b: pip installed, uv installed
SEEN
