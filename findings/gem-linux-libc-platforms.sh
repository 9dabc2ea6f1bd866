#!/usr/bin/env bash
# To Debian 12's RubyGems a musl build fits a glibc system, and a linux-gnu build is asked for under another name than the index has.
#
# Guess:       of a gem's builds for linux-gnu, linux-musl and plain ruby the client takes linux-gnu, the machine's own name, and asks for the file
#              that the index names.
# Seen:        both builds fit, and the one that /info lists last is taken; musl also where there is but musl and ruby. When it is linux-gnu, the
#              client asks for …-linux.gem first and, after a 404, for …-linux-gnu.gem. `gem build` also names the file …-linux.gem. In the full
#              index that `gem generate_index` makes of it the gem is called …-linux-gnu and is not found `in any repository`.
# Versions:    RubyGems 3.3.15 (Debian 12). RubyGems tells the two C libraries apart since 3.3.22.
# Consequence: read the platform of an uploaded gem from its metadata, not from its file name; list a linux-gnu build behind the musl one; answer
#              the name without -gnu by a plain 404; hand on `required_rubygems_version` (`rubygems:` in /info), the only guard of such builds.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source "$(dirname "${BASH_SOURCE[0]}")/lib/gem-repository.sh"
need_ruby
arch=$(uname -m)-linux
printf 'this machine: %s\n' "$(ruby -e 'puts RbConfig::CONFIG["arch"]')"

for platform in ruby "$arch-gnu" "$arch-musl"; do make_gem "$work/served/all/gems" native 1.0 "$platform" >/dev/null; done
for platform in ruby "$arch-musl"; do make_gem "$work/served/musl/gems" native 1.0 "$platform" >/dev/null; done
file=$(make_gem "$work/served/gnu/gems" native 1.0 "$arch-gnu")
check 'file of the linux-gnu build' "native-1.0-$arch.gem" "$file"
for name in all musl gnu; do index_gems "$work/served/$name"; done
cat >"$work/names.rb" <<'RUBY'
require 'zlib'
puts Marshal.load(Zlib.gunzip(File.binread(ARGV[0]))).map { |name, version, platform| "#{name}-#{version}-#{platform}" }
RUBY
check 'its name in the index' "native-1.0-$arch-gnu" "$(ruby "$work/names.rb" "$work/served/gnu/specs.4.8.gz")"
cp -r "$work/served/all" "$work/served/musl-last"
mv "$work/served/musl-last/gems/$file" "$work/served/musl-last/gems/native-1.0-$arch-gnu.gem"
compact_index "$work/served/musl-last" native
sort -o "$work/served/musl-last/info/native" "$work/served/musl-last/info/native"
cp -r "$work/served/musl-last" "$work/served/gnu-last"
sort -r "$work/served/musl-last/info/native" | sed '/^---/d; 1i ---' >"$work/served/gnu-last/info/native"
head "$work/served"/*-last/info/native
serve "$work/served"

place=musl-last
check '/info lists linux-musl last' "native-1.0-$arch-musl" "$(gem_gets native)"
place=gnu-last
: >"$requests"
gem_gets native >"$work/came"
check '/info lists linux-gnu last, asks for' "native-1.0-$arch.gem 404, native-1.0-$arch-gnu.gem 200, " \
  "$(sed -n 's|^GET /gnu-last/gems/||p' "$requests" | tr '\n' ',' | sed 's/,/, /g')"
place=musl
check 'ruby and linux-musl, full index' "native-1.0-$arch-musl" "$(gem_gets native)"
place=gnu
check 'linux-gnu only, full index' "Could not find a valid gem 'native' (>= 0) in any repository" "$(gem_gets native)"
