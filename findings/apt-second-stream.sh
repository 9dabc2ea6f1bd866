#!/usr/bin/env bash
# apt reads only the first stream of an index in .xz, .bz2 or .lz4, but all of one in .gz or .zst.
#
# Guess:       all these formats may be several streams behind one another, as the tools and their parallel forms (pbzip2, pixz) write them, and apt
#              reads each of them to its end.
# Seen:        two gzip members and two zstd frames are read whole. Of two xz or bzip2 streams, or lz4 frames, apt takes the first and ends the
#              update with `Hash Sum mismatch`, as what it unpacked is not the index of which Release has the digest. The files are right: xz,
#              bzip2 and lz4 themselves unpack them whole.
# Versions:    apt 2.6.2, gzip 1.12, xz 5.4.1, bzip2 1.0.8, zstd 1.5.4, lz4 1.9.4 (Debian 12).
# Consequence: an index must be written as one stream; pieces that were compressed apart may be joined for .gz and .zst only. An upstream's
#              index of several streams must be read to its end by a sync, and be written anew rather than handed on.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need_apt apt=2.6.2 apt-utils=2.6.2 gzip=1.12-1 xz-utils=5.4.1-1 bzip2=1.0.8-5+b1 zstd=1.5.4+dfsg2-5 lz4=1.9.4-1

for name in first second; do
  make_deb "$work/debs/$name.deb" "$name" 1 amd64
  (cd "$work/debs" && apt-ftparchive packages . | sed -n "/^Package: $name\$/,/^\$/p") >"$work/$name"
done

# try SUFFIX TOOL [OPTION...]: the packages that apt finds in an index of two streams, and whether TOOL itself unpacks both.
try() {
  local suffix=$1 folder=$work/repo/$1 status=0
  shift
  mkdir -p "$folder"
  cat "$work/first" "$work/second" >"$folder/Packages"
  { "$@" <"$work/first"; "$@" <"$work/second"; } >"$folder/Packages.$suffix"
  "$@" -d <"$folder/Packages.$suffix" | cmp - "$folder/Packages" || die "$1 itself does not unpack both"
  (cd "$folder" && apt-ftparchive release . >"$work/Release" && mv "$work/Release" Release && rm Packages)
  rm -rf "$work/apt"
  own_apt "deb [trusted=yes] http://127.0.0.1:$port/ $suffix/"
  apt-get update >"$work/update.log" 2>&1 || status=$?
  ! grep -q 'Hash Sum mismatch' "$work/update.log" || status+=' Hash Sum mismatch'
  echo "update $status, packages $(apt-cache pkgnames | sort | tr '\n' ' ' | sed 's/ $//')"
}
mkdir -p "$work/repo"
serve "$work/repo"
check 'two members in .gz' 'update 0, packages first second' "$(try gz gzip)"
check 'two streams in .xz' 'update 100 Hash Sum mismatch, packages ' "$(try xz xz)"
check 'two streams in .bz2' 'update 100 Hash Sum mismatch, packages ' "$(try bz2 bzip2)"
check 'two frames in .zst' 'update 0, packages first second' "$(try zst zstd)"
check 'two frames in .lz4' 'update 100 Hash Sum mismatch, packages ' "$(try lz4 lz4)"
