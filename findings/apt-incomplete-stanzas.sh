#!/usr/bin/env bash
# A stanza of Packages that lacks a mandatory field is no error to apt: each missing field has an end of its own, and none is told at update.
#
# Guess:       without Version the index is broken and the update fails; without Architecture or Size the stanza is skipped with a warning.
# Seen:        the update ends 0 and says nothing. Without Version the package does not exist. Without Architecture it is a package of the
#              architecture `none`, found by search and chosen for installation as demo:none. Without Size it is found, listed and shown, and
#              only its download fails: `Repository is broken`.
# Versions:    apt 2.6.2 (Debian 12).
# Consequence: a server cannot rely on a client's complaint. It has to check Package, Version, Architecture, Filename, Size and a digest of each
#              stanza itself, at upload and at sync, and name the package whose stanza it leaves out.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need_apt apt=2.6.2 apt-utils=2.6.2

mkdir -p "$work/repo"
for field in Version Architecture Size; do
  name=no-${field,,}
  make_deb "$work/repo/$name.deb" "$name" 1 amd64
  (cd "$work/repo" && apt-ftparchive packages . | sed "/^Package: $name\$/,/^\$/!d; /^$field:/d") >>"$work/Packages"
done
mv "$work/Packages" "$work/repo/Packages"
(cd "$work/repo" && apt-ftparchive release . >"$work/Release" && mv "$work/Release" Release)
grep -E '^(Package|Version|Architecture|Size):|^$' "$work/repo/Packages"
serve "$work/repo"
own_apt "deb [trusted=yes] http://127.0.0.1:$port/ ./"

status=0
apt-get update >"$work/update.log" 2>&1 || status=$?
check 'apt-get update ends' 0 "$status"
check 'warnings and errors of it' 0 "$(grep -c '^[WE]:' "$work/update.log" || true)"
check 'packages found' 'no-architecture no-size' "$(apt-cache pkgnames no- | sort | tr '\n' ' ' | sed 's/ $//')"
check 'versions of the one without Version' 0 "$(apt-cache madison no-version 2>/dev/null | wc -l)"
check 'without Architecture' 'Inst no-architecture:none' \
  "$(apt-get install --simulate no-architecture 2>/dev/null | grep -o '^Inst [^ ]*')"
cd "$work"
check 'without Size' 'has no Size information' "$(apt-get download no-size 2>&1 | grep -o 'has no Size information')"
