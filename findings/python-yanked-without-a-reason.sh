#!/usr/bin/env bash
# A file that is yanked without a reason, `"yanked": ""` or a bare `data-yanked`, is not yanked to pip.
#
# Guess:       the presence of data-yanked yanks, with or without a value, so its JSON twin with an empty reason does as well; pip and uv agree.
# Seen:        pip yanks for data-yanked="" but neither for the bare attribute nor for "" in JSON, and installs the file; uv yanks for all of them.
#              `null` in JSON is not yanked to pip, and makes uv refuse the whole page.
# Versions:    pip 26.3, uv 0.13.9.
# Consequence: a server must write `true` in JSON and data-yanked="" in HTML for a yank without a reason, false or no key for none, and must turn an
#              upstream's empty reason into that: who passes the text on as it is un-yanks the file for pip.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
with_python_index <<'PY'
from python_index import Index

index = Index()
for title, value in (('false', False), ('true', True), ('"reason"', 'reason'), ('""', ''), ('null', None)):
    name = f'json{len(index.pages)}'
    index.json(name, index.wheel(name, '1.0'), index.wheel(name, '2.0', yanked=value))
    index.show(f'JSON, 2.0 with yanked {title}', name)
for title, attribute in (('none', ''), ('data-yanked=""', 'data-yanked=""'), ('data-yanked', 'data-yanked')):
    name = f'html{len(index.pages)}'
    old, new = (index.wheel(name, version) for version in ('1.0', '2.0'))
    index.pages[name] = f'<!DOCTYPE html><html><body><a href="{old["url"]}">{old["filename"]}</a>' \
        f'<a href="{new["url"]}" {attribute}>{new["filename"]}</a></body></html>'
    index.show(f'HTML, 2.0 with {title}', name)
PY
sed -E -i 's/[a-z]+[0-9]-([12]\.0)-py3-none-any\.whl/\1/g' "$work/seen"
check_lines <<'SEEN'
JSON, 2.0 with yanked false: pip 2.0, uv 2.0
JSON, 2.0 with yanked true: pip 1.0, uv 1.0
JSON, 2.0 with yanked "reason": pip 1.0, uv 1.0
JSON, 2.0 with yanked "": pip 2.0, uv 1.0
JSON, 2.0 with yanked null: pip 2.0, uv refused
HTML, 2.0 with none: pip 2.0, uv 2.0
HTML, 2.0 with data-yanked="": pip 1.0, uv 1.0
HTML, 2.0 with data-yanked: pip 2.0, uv 1.0
SEEN
