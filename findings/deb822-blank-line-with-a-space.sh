#!/usr/bin/env bash
# A line of one space between two stanzas of Packages ends the stanza for apt, but not for apt's own Python module.
#
# Guess:       one format, one answer: all readers take such a line as the end of a stanza (or all as a continuation line). And python-debian
#              gives the same with and without apt_pkg, which it uses only to be faster.
# Seen:        apt sees two packages. apt_pkg.TagFile of the same source package sees one, made of the fields of both, in which the last name,
#              size and digest win. python-debian's Deb822.iter_paragraphs sees one through apt_pkg and two without it; its class Packages sees
#              one in both ways. No reader says anything.
# Versions:    apt 2.6.2, python3-apt 2.6.0, python3-debian 0.1.49 (Debian 12).
# Consequence: write truly empty lines only. A reader of an upstream's index has to take a line of blanks as the end of a stanza, as apt does;
#              whoever uses python-debian for that silently loses every second package.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need_apt apt=2.6.2 apt-utils=2.6.2 python3-apt=2.6.0 python3-debian=0.1.49

make_deb "$work/repo/first.deb" first 1 amd64
make_deb "$work/repo/second.deb" second 1 amd64
(cd "$work/repo" && apt-ftparchive packages . | sed 's/^$/ /') >"$work/Packages"
mv "$work/Packages" "$work/repo/Packages"
(cd "$work/repo" && apt-ftparchive release . >"$work/Release" && mv "$work/Release" Release)
serve "$work/repo"
own_apt "deb [trusted=yes] http://127.0.0.1:$port/ ./"
apt-get update >/dev/null 2>&1

names() { tr '\n' ' ' | sed 's/ $//'; }
check 'apt' 'first second' "$(apt-cache dumpavail | sed -n 's/^Package: //p' | sort | names)"

cat >"$work/read.py" <<'PY'
import sys
import apt_pkg
from debian.deb822 import Deb822, Packages

reader, path = sys.argv[1:]
with open(path) as file:
    if reader == 'apt_pkg.TagFile':
        stanzas = list(map(dict, apt_pkg.TagFile(file)))
    else:
        kind, way = reader.split()
        stanzas = list({'Deb822': Deb822, 'Packages': Packages}[kind].iter_paragraphs(file, use_apt_pkg=way == 'fast'))
    print(' '.join(stanza['Package'] for stanza in stanzas))
PY
read_with() { /usr/bin/python3 "$work/read.py" "$1" "$work/repo/Packages"; }
check 'apt_pkg.TagFile' 'second' "$(read_with apt_pkg.TagFile)"
check 'python-debian, Deb822, with apt_pkg' 'second' "$(read_with 'Deb822 fast')"
check 'python-debian, Deb822, without' 'first second' "$(read_with 'Deb822 plain')"
check 'python-debian, Packages, with apt_pkg' 'second' "$(read_with 'Packages fast')"
check 'python-debian, Packages, without' 'second' "$(read_with 'Packages plain')"
