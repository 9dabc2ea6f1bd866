#!/usr/bin/env bash
# `gem install foo -v 1.0.0` installs foo 1.0 where both are listed, or 1.0.0 for `-v 1.0`, depending on the order of the index.
#
# Guess:       1.0 and 1.0.0 compare as equal but are two versions with two files; who names one exactly gets that one.
# Seen:        the exact name is a comparison too. Through the compact index both requests end with the one that is listed last, through the full
#              index with 1.0; the other one cannot be installed by any -v. Gem::Version says equal, but not eql?, so a Hash or uniq keeps both.
# Versions:    RubyGems 3.3.15 (Debian 12).
# Consequence: refuse a gem whose version equals one that is there (1.0 and 1.0.0, 1.0.0.pre1 and 1.0.pre1), rather than by the text, and take
#              both from an upstream under their own names: a lock file names the text.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/gem-repository.sh"
need_ruby

for version in 1.0 1.0.0; do make_gem "$work/served/full/gems" foo "$version" ruby >/dev/null; done
index_gems "$work/served/full"
cp -r "$work/served/full" "$work/served/short-last"
compact_index "$work/served/short-last" foo
sed -i -n '1p; /^1.0.0 /p' "$work/served/short-last/info/foo"
printf '1.0 |checksum:%s\n' "$(sha256sum "$work/served/full/gems/foo-1.0.gem" | cut -d' ' -f1)" >>"$work/served/short-last/info/foo"
cp -r "$work/served/short-last" "$work/served/long-last"
sed -i -n '1{p;n;h;n;p;g;p}' "$work/served/long-last/info/foo"
head "$work/served"/*-last/info/foo
serve "$work/served"

compare='one, other = %w[1.0 1.0.0].map { |text| Gem::Version.new(text) }; puts [one == other, one.eql?(other), [one, other].uniq.size].join(" ")'
check 'equal, eql?, size of uniq' 'true false 2' "$(ruby -e "$compare")"
# gets PLACE VERSION FILE-THAT-COMES
gets() {
  place=$1
  check "$1, -v $2" "$3" "$(gem_gets foo -v "$2")"
}
gets full 1.0 foo-1.0
gets full 1.0.0 foo-1.0
gets short-last 1.0 foo-1.0
gets short-last 1.0.0 foo-1.0
gets long-last 1.0 foo-1.0.0
gets long-last 1.0.0 foo-1.0.0
