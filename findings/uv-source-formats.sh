#!/usr/bin/env bash
# uv takes a source distribution as .tar.gz or .zip, but says of .tar.bz2, .tar.xz and .tgz that the version has none; pip takes all.
#
# Guess:       both installers unpack the same old formats; or uv, where strict, takes .tar.gz only, the one that the standard allows.
# Seen:        .zip is as good as .tar.gz to uv, the others make the version unusable: `non-PEP 625-compliant source distribution filename`.
#              With .tar.gz and .zip both there, pip takes the one that is listed last, uv always .tar.gz.
# Versions:    pip 26.3, uv 0.13.9.
# Consequence: a mirror that keeps only one source file per release must keep the .tar.gz; an upload of another format works for some users only and
#              should be refused; the order of files in a page is content, keep it stable.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
with_python_index <<'PY'
from python_index import Index
from python_index import sdist

def entry(index, name, ending):
    return index.file(f'{name}-1.0.{ending}', sdist(name, '1.0', ending))

index = Index()
for endings in (['tar.gz'], ['zip'], ['tar.bz2'], ['tar.xz'], ['tgz'], ['tar.gz', 'zip'], ['zip', 'tar.gz']):
    name = f'project{len(index.pages)}'
    index.json(name, *(entry(index, name, ending) for ending in endings))
    index.show(' and '.join(endings), name)
PY
check_lines <<'SEEN'
tar.gz: pip tar.gz, uv tar.gz
zip: pip zip, uv zip
tar.bz2: pip tar.bz2, uv refused
tar.xz: pip tar.xz, uv refused
tgz: pip tgz, uv refused
tar.gz and zip: pip zip, uv tar.gz
zip and tar.gz: pip tar.gz, uv tar.gz
SEEN
