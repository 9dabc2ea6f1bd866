#!/usr/bin/env bash
# apt compares digests as text: a SHA256 written in upper-case hexadecimal digits never matches.
#
# Guess:       hexadecimal digits are numbers; `Hash Sum mismatch` comes only when the bytes differ.
# Seen:        with upper-case digests in Packages the index is taken without a word, and every download of a package fails as
#              `Hash Sum mismatch`, printing twice what is one digest. With upper-case digests in Release the update itself fails like that.
# Versions:    apt 2.6.2 (Debian 12).
# Consequence: a repository server must write digests in lower case, also those that it keeps from an upstream or an upload as they came,
#              and must compare those of an upstream without regard to case: other tools accept what apt then refuses.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need_apt apt=2.6.2 apt-utils=2.6.2

for name in lower packages release; do
  make_deb "$work/repo/$name/demo_1_amd64.deb" demo 1 amd64
  (cd "$work/repo" && apt-ftparchive packages "$name" >"$work/Packages" && mv "$work/Packages" "$name/Packages")
done
upper='s/^((MD5sum|SHA1|SHA256|SHA512): )([0-9a-f]+)$/\1\U\3/; s/^ ([0-9a-f]{32,}) / \U\1 /'
sed -E -i "$upper" "$work/repo/packages/Packages"
for name in lower packages release; do
  (cd "$work/repo/$name" && apt-ftparchive release . >"$work/Release" && mv "$work/Release" Release)
done
sed -E -i "$upper" "$work/repo/release/Release"
serve "$work/repo"

# How an update and a download of the repository in folder $1 end.
try() {
  rm -rf "$work/apt" "$work/got"
  mkdir "$work/got"
  own_apt "deb [trusted=yes] http://127.0.0.1:$port/ $1/"
  local update=0 download=0
  apt-get update >"$work/update.log" 2>&1 || update=$?
  grep -q 'Hash Sum mismatch' "$work/update.log" && update+=' mismatch'
  (cd "$work/got" && apt-get download demo >"$work/download.log" 2>&1) || download=$?
  grep -q 'Hash Sum mismatch' "$work/download.log" && download+=' mismatch'
  echo "update $update, download $download"
}

check 'all digests in lower case' 'update 0, download 0' "$(try lower)"
check 'upper case in Packages' 'update 0, download 100 mismatch' "$(try packages)"
grep -E -m 2 -i 'SHA256:' "$work/download.log"
check 'upper case in Release' 'update 100 mismatch, download 100' "$(try release)"
