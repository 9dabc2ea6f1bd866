#!/usr/bin/env bash
# mergerepo_c, as it is called by default, keeps one version of each package: whichever of all the versions it reads first.
#
# Guess:       a merge is a union; of the same name, version, release and architecture found twice, the first repository's copy is kept.
# Seen:        name and architecture alone make a package. The second repository's newer version is dropped for the first one's older; and a
#              repository that holds two versions loses one of them, by chance the newer one, though no other repository has that package.
#              `--method nvr` keeps the newest one, `--all` is the union.
# Versions:    createrepo_c 1.2.5 (0.17.3 of Debian 12 does it too), rpm 4.18.0 to build the packages.
# Consequence: a repository that an upstream made with mergerepo_c may lack versions although their files are there: a sync must take the metadata
#              for what is offered, not the directory. And never recommend the bare command for moving several repositories into one.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
need_apt rpm=4.18.0+dfsg-1+deb12u1
need_pip createrepo_c==1.2.5
export PATH=$work/venv/bin:$PATH

make_rpm "$work/first" tool 1
make_rpm "$work/second" tool 2
make_rpm "$work/both" tool 1
make_rpm "$work/both" tool 2
make_rpm "$work/other" rest 1
for name in first second both other; do createrepo_c --quiet "$work/$name"; done

# What a merge of the repositories named after the options holds.
merge() {
  local options=()
  while [[ ${1:-} == --* ]]; do options+=("$1"); shift; done
  rm -rf "$work/merged"
  mergerepo_c ${options[@]+"${options[@]}"} "${@/#/--repo=file://$work/}" -o "$work/merged" >/dev/null 2>&1
  python3 - "$work/merged" <<'PY'
import sys
import createrepo_c

found = []
for package in createrepo_c.RepositoryReader.from_path(sys.argv[1]).iter_packages():
    found.append(f'{package.name}-{package.version}')
print(' '.join(sorted(found)))
PY
}

check 'tool 1 and tool 2 in two repositories' 'tool-1' "$(merge first second)"
check 'the other way round' 'tool-2' "$(merge second first)"
check 'both in one repository, beside another one' 'rest-1 tool-N' "$(merge both other | sed 's/tool-[12]$/tool-N/')"
check 'these two, --method=nvr' 'rest-1 tool-2' "$(merge --method=nvr both other)"
check 'these two, --all' 'rest-1 tool-1 tool-2' "$(merge --all both other)"
