#!/usr/bin/env bash
# libmodulemd quotes the stream it writes but not the context, so one context is another text, or a number, in each YAML reader.
#
# Guess:       the library writes every text so that any YAML reader gives it back; it does so for the stream (`stream: "1.10"`), so surely for the
#              context beside it.
# Seen:        `context: 01234567` is 342391 to PyYAML, 1234567 to the packages yaml and js-yaml; `1234e567` stays text for PyYAML and js-yaml and is
#              Infinity for yaml; 00000000 is 0 for all of them. A context is eight hexadecimal digits, so one in forty is all decimal digits.
# Versions:    libmodulemd 2.14.0, PyYAML 6.0 (Debian 12); yaml 2.9.1, js-yaml 5.5.0.
# Consequence: a server must read the context (and the stream) of a modulemd document as the text that stands there, by a schema that knows no
#              numbers. Else two contexts may fall together, the unit's name differs from the client's, and advisories that name the context
#              match no module.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need_apt gir1.2-modulemd-2.0=2.14.0-3 python3-gi=3.42.2-3+b1 python3-yaml=6.0-3+b2
need_npm yaml@2.9.1 js-yaml@5.5.0

cat >"$work/write.py" <<'PY'
import sys
import gi

gi.require_version('Modulemd', '2.0')
from gi.repository import Modulemd

stream = Modulemd.ModuleStreamV2.new('demo', '1.10')
stream.set_version(1)
stream.set_context(sys.argv[1])
stream.set_arch('x86_64')
stream.set_summary('small')
stream.set_description('small')
stream.add_module_license('MIT')
index = Modulemd.ModuleIndex.new()
index.add_module_stream(stream)
text = index.dump_to_string()
again = Modulemd.ModuleIndex.new()
again.update_from_string(text, True)
print(again.get_module('demo').get_all_streams()[0].get_context(), file=sys.stderr)
print(text, end='')
PY
cat >"$work/read.mjs" <<'JS'
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { parse } from 'yaml';

const text = readFileSync(process.argv[2], 'utf8').replace(/^\.\.\.\n/m, '');
const show = ({ data }) => `${typeof data.context} ${data.context}`;
console.log(`yaml: ${show(parse(text))}, js-yaml: ${show(load(text))}`);
JS

# How a context is written, and what four readers make of it.
readings() {
  /usr/bin/python3 "$work/write.py" "$1" >"$work/modules.yaml" 2>"$work/again"
  grep -E 'stream:|context:' "$work/modules.yaml" >&2
  printf 'libmodulemd: text %s, ' "$(cat "$work/again")"
  /usr/bin/python3 -c 'import sys, yaml
value = yaml.safe_load(open(sys.argv[1]))["data"]["context"]
print("PyYAML:", {str: "text", int: "number"}[type(value)], value, end=", ")' "$work/modules.yaml"
  node "$work/read.mjs" "$work/modules.yaml" | sed 's/string/text/g'
}
check '"01234567" is' 'libmodulemd: text 01234567, PyYAML: number 342391, yaml: number 1234567, js-yaml: number 1234567' "$(readings 01234567)"
check '"1234e567" is' 'libmodulemd: text 1234e567, PyYAML: text 1234e567, yaml: number Infinity, js-yaml: text 1234e567' "$(readings 1234e567)"
check '"00000000" is' 'libmodulemd: text 00000000, PyYAML: number 0, yaml: number 0, js-yaml: number 0' "$(readings 00000000)"
check '"c0ffee42" is' 'libmodulemd: text c0ffee42, PyYAML: text c0ffee42, yaml: text c0ffee42, js-yaml: text c0ffee42' "$(readings c0ffee42)"
