#!/usr/bin/env bash
# Two records of one type in repomd.xml, both right: dnf fetches both and calls the first one's file damaged; zypper takes the first.
#
# Guess:       one of the two wins in each client, as with two equal keys of a mapping, and dnf and zypper agree on which.
# Seen:        dnf cannot use the repository at all: `Checksum mismatch` of a file that is whole. zypper reads the first record's packages and does
#              not mention the second.
# Versions:    dnf 4.14.0 with librepo 1.14.5, zypper 1.14.42 (all of Debian 12), createrepo_c 1.2.5, rpm 4.18.0 to build the packages.
# Consequence: a server that writes repomd.xml from stored records must make the type unique per publication; where an upstream lists one twice,
#              a sync has to name it and not hand it on: it looks right to one family of clients and is dead for the other.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need_apt rpm=4.18.0+dfsg-1+deb12u1 dnf=4.14.0-3+deb12u1 librepo0=1.14.5-3 zypper=1.14.42-2
need_pip createrepo_c==1.2.5

make_rpm "$work/repo" tool 1
make_rpm "$work/more" tool 1
make_rpm "$work/more" tool 2
for name in repo more; do
  "$work/venv/bin/createrepo_c" --quiet --simple-md-filenames --general-compress-type=gz "$work/$name"
done
cp -r "$work/repo" "$work/plain"
cp "$work/more/tool-2.rpm" "$work/repo/"
cp "$work/more/repodata/primary.xml.gz" "$work/repo/repodata/second.xml.gz"
python3 - "$work" <<'PY'
import re, sys

def record(text):
    return re.search(r'  <data type="primary">.*?</data>\n', text, re.S).group(0)

path = sys.argv[1] + '/repo/repodata/repomd.xml'
text = open(path).read()
second = record(open(sys.argv[1] + '/more/repodata/repomd.xml').read()).replace('primary.xml.gz', 'second.xml.gz')
open(path, 'w').write(text.replace('</repomd>', second + '</repomd>'))
PY
mkdir "$work/served"
mv "$work/repo" "$work/plain" "$work/served"
serve "$work/served"

dnf_versions() {
  rm -rf "$work/dnf"
  dnf --quiet --setopt=reposdir=/nonexistent --setopt="cachedir=$work/dnf/cache" --setopt="logdir=$work/dnf" \
    --installroot="$work/dnf/root" --releasever=1 --repofrompath="it,http://127.0.0.1:$port/$1" --repo=it --setopt=it.skip_if_unavailable=0 \
    repoquery --queryformat '%{version}' tool 2>&1 |
    grep -oE '^[0-9]$|Checksum mismatch' | sort | tr '\n' ' '
}
zypper_versions() {
  local zypper=(zypper --quiet --root "$work/zypper" --no-gpg-checks --non-interactive)
  rm -rf "$work/zypper"
  mkdir "$work/zypper"
  "${zypper[@]}" addrepo --no-gpgcheck "http://127.0.0.1:$port/$1" it >/dev/null 2>&1
  "${zypper[@]}" refresh >"$work/zypper.log" 2>&1 || echo failed
  "${zypper[@]}" search --details tool 2>/dev/null | grep -oE '\| [0-9]-1 ' | tr -d '| ' | sort | tr '\n' ' '
}
check 'dnf, one record' '1 ' "$(dnf_versions plain)"
check 'zypper, one record' '1-1 ' "$(zypper_versions plain)"
: >"$requests"
check 'dnf, two records' 'Checksum mismatch ' "$(dnf_versions repo)"
check 'dnf asks for the second file' 1 "$(grep -c second "$requests" || true)"
: >"$requests"
check 'zypper, two records' '1-1 ' "$(zypper_versions repo)"
check 'zypper asks for the second file' 0 "$(grep -c second "$requests" || true)"
