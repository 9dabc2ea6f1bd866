#!/usr/bin/env bash
# Two libraries that compare Debian versions outside Debian are wrong on plain ones: 1.00 is not 1.0 to one, 20-digit numbers are equal to the other.
#
# Guess:       an order that is described in three sentences is the same everywhere; the libraries differ at most on invalid versions.
# Seen:        npm's deb-version-compare has 1.00 before 1.0, takes 1.0~rc1 and 1.0~rc1-1 for equal, has the revision `a` before `1`, and orders
#              neighbours over 2^53 the wrong way. Go's go-deb-version takes all numbers of 20 digits and more for equal.
#              pault.ag/go/debian agrees with dpkg on all of them.
# Versions:    deb-version-compare 1.2.1, go-deb-version 2024-11-15 (6f4aee6), pault.ag/go/debian 0.21.4, dpkg 1.21.23 (Debian 12).
# Consequence: a server should have its own comparison and hold it against dpkg's; none of the two is good enough to say which version is the newest
#              or which ones a retention rule may delete.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need_apt dpkg=1.21.23
need_npm deb-version-compare@1.2.1
need_go go1.26.8 github.com/knqyf263/go-deb-version@v0.0.0-20241115132648-6f4aee6ccd23 pault.ag/go/debian@v0.21.4

pairs=('1.0~rc1 1.0' '1.0 1.0-0' '1.00 1.0' '1.0~rc1 1.0~rc1-1' '1.0-a 1.0-1' '9007199254740993 9007199254740992'
  '20261129101112000001 20261129101112000002')
cat >"$work/compare.mjs" <<'JS'
import compare from 'deb-version-compare';

const order = typeof compare === 'function' ? compare : compare.compare ?? compare.default;
for (const pair of process.argv.slice(2)) console.log(['<', '=', '>'][Math.sign(order(...pair.split(' '))) + 1]);
JS
cat >"$work/module/main.go" <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"

	scanners "github.com/knqyf263/go-deb-version"
	ported "pault.ag/go/debian/version"
)

func sign(order int) string {
	return map[bool]string{true: "<", false: map[bool]string{true: ">", false: "="}[order > 0]}[order < 0]
}

func main() {
	for _, pair := range os.Args[1:] {
		left, right, _ := strings.Cut(pair, " ")
		one, oneError := scanners.NewVersion(left)
		other, otherError := scanners.NewVersion(right)
		first, firstError := ported.Parse(left)
		second, secondError := ported.Parse(right)
		for _, err := range []error{oneError, otherError, firstError, secondError} {
			if err != nil {
				panic(err)
			}
		}
		fmt.Println(sign(one.Compare(other)), sign(ported.Compare(first, second)))
	}
}
GO
by_dpkg() {
  local sign words
  for words in 'lt <' 'eq =' 'gt >'; do
    read -r words sign <<<"$words"
    ! dpkg --compare-versions "$1" "$words" "$2" || echo "$sign"
  done
}
for pair in "${pairs[@]}"; do
  read -r left right <<<"$pair"
  echo "$left $right: dpkg $(by_dpkg "$left" "$right")"
done >"$work/dpkg"
(cd "$work" && node compare.mjs "${pairs[@]}") | sed 's/^/, npm /' >"$work/npm"
(cd "$work/module" && go run . "${pairs[@]}" 2>"$work/errors") | sed 's/^\(.\) /, go-deb-version \1, pault.ag /' >"$work/go" ||
  die "$(tail -n 3 "$work/errors")"
paste -d '' "$work/dpkg" "$work/npm" "$work/go" >"$work/seen"
check_lines <<'SEEN'
1.0~rc1 1.0: dpkg <, npm <, go-deb-version <, pault.ag <
1.0 1.0-0: dpkg =, npm =, go-deb-version =, pault.ag =
1.00 1.0: dpkg =, npm <, go-deb-version =, pault.ag =
1.0~rc1 1.0~rc1-1: dpkg <, npm =, go-deb-version <, pault.ag <
1.0-a 1.0-1: dpkg >, npm <, go-deb-version >, pault.ag >
9007199254740993 9007199254740992: dpkg >, npm <, go-deb-version >, pault.ag >
20261129101112000001 20261129101112000002: dpkg <, npm <, go-deb-version =, pault.ag <
SEEN
