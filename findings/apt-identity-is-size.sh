#!/usr/bin/env bash
# To apt, two builds of one version are one package when their files have one size, whatever their digests; one byte more makes them two.
#
# Guess:       a package is its name, version and architecture (then both are one), or its SHA256 (then both are two).
# Seen:        apt compares the size and the relations (Depends and so on), not the digests. Two builds of one size become one version with two
#              sources; when the first source has lost the file, apt fetches the second one's and refuses it, as it expects the first one's
#              digest. Two builds of different sizes are listed as two versions with the same number, also within one index.
# Versions:    apt 2.6.2 (Debian 12).
# Consequence: two components, distributions or repositories must not offer different bytes for one name, version and architecture, and a
#              rebuilt package needs a new version; refuse it at upload, since the clients tell it in neither way.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need_apt apt=2.6.2 apt-utils=2.6.2

make_deb "$work/repo/one/demo_1_amd64.deb" demo 1 amd64 built-A
make_deb "$work/repo/two/demo_1_amd64.deb" demo 1 amd64 built-B
make_deb "$work/repo/more/demo_1_amd64.deb" demo 1 amd64 'built with another compiler and so a little longer'
for name in one two more; do
  (cd "$work/repo" && apt-ftparchive packages "$name" >"$work/Packages" && mv "$work/Packages" "$name/Packages")
  (cd "$work/repo/$name" && apt-ftparchive release . >"$work/Release" && mv "$work/Release" Release)
done
check 'sizes of the first two builds are equal' yes \
  "$([[ $(stat -c %s "$work/repo/one/"*.deb) == $(stat -c %s "$work/repo/two/"*.deb) ]] && echo yes || echo no)"
check 'their bytes are equal' no "$(cmp -s "$work/repo/one/"*.deb "$work/repo/two/"*.deb && echo yes || echo no)"
serve "$work/repo"

# The number of versions that apt sees when it reads the repositories in the folders named.
versions() {
  local name lines=()
  for name in "$@"; do lines+=("deb [trusted=yes] http://127.0.0.1:$port/ $name/"); done
  rm -rf "$work/apt"
  own_apt "${lines[@]}"
  apt-get update >/dev/null 2>&1
  apt-cache policy demo >"$work/policy.log"
  grep -c '^ *\**  *1 500$' "$work/policy.log"
}

check 'versions seen, two builds of different sizes' 2 "$(versions one more)"
cat "$work/policy.log"
check 'versions seen, two builds of one size' 1 "$(versions one two)"
cat "$work/policy.log"

rm "$work/repo/one/"*.deb
: >"$requests"
mkdir "$work/got"
own_apt "deb [trusted=yes] http://127.0.0.1:$port/ one/" "deb [trusted=yes] http://127.0.0.1:$port/ two/"
status=0
(cd "$work/got" && apt-get download demo >"$work/download.log" 2>&1) || status=$?
check 'requests when the first source lost its file' 'GET /one/demo_1_amd64.deb 404;GET /two/demo_1_amd64.deb 200;' "$(tr '\n' ';' <"$requests")"
check 'how it ends' "100 $(printf 'Hash Sum mismatch')" "$status $(grep -o -m 1 'Hash Sum mismatch' "$work/download.log")"
grep -m 1 'Sources disagree' "$work/download.log" || true
