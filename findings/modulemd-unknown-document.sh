#!/usr/bin/env bash
# One document of a type that libmodulemd does not know makes the whole modules file unreadable; one of an unknown version is only left out.
#
# Guess:       the reader returns a list of documents it could not take, so an unknown type is one more entry of that list and the others are read.
# Seen:        an unknown `document:` is thrown as `Unexpected YAML event in document stream`, and documents behind it are never looked at. A modulemd
#              document of version 9, one that has no `document:` key, and a modulemd-packager document are entries of the list as guessed.
# Versions:    libmodulemd 2.14.0 (Debian 12).
# Consequence: a newer document type handed on to older clients costs them all modules of the repository. A server should publish types that it
#              knows, and read an upstream's file document by document, so that an unknown one is a warning with its name.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need_apt gir1.2-modulemd-2.0=2.14.0-3 python3-gi=3.42.2-3+b1

cat >"$work/read.py" <<'PY'
import sys
import gi

gi.require_version('Modulemd', '2.0')
from gi.repository import GLib, Modulemd

def stream(name, document='modulemd', version=2):
    return f'''---
document: {document}
version: {version}
data:
  name: {name}
  stream: "1"
  version: 1
  context: c0ffee42
  arch: x86_64
  summary: small
  description: small
  license:
    module: [MIT]
...
'''

odd = {
    'none': '',
    'version': stream('odd', version=9),
    'packager': stream('odd', 'modulemd-packager'),
    'untyped': stream('odd').replace('document: modulemd\n', ''),
    'type': '---\ndocument: modulemd-news\nversion: 1\ndata:\n  module: before\n...\n',
}[sys.argv[1]]
index = Modulemd.ModuleIndex.new()
try:
    _, failures = index.update_from_string(stream('before') + odd + stream('behind'), False)
    end = f'{len(failures)} left out'
except GLib.Error as error:
    end = error.message.split(' [')[0]
print(f"{end}; modules: {' '.join(sorted(index.get_module_names()))}")
PY
reads() { /usr/bin/python3 "$work/read.py" "$1"; }
check 'two good documents' '0 left out; modules: before behind' "$(reads none)"
check 'between them one of version 9' '1 left out; modules: before behind' "$(reads version)"
check 'one without a type' '1 left out; modules: before behind' "$(reads untyped)"
check 'a packager document' '1 left out; modules: before behind' "$(reads packager)"
check 'one of an unknown type' 'Unexpected YAML event in document stream; modules: before' "$(reads type)"
