# shellcheck shell=bash
# What all findings share: a temporary folder that goes away, pinned packages, a logging server on loopback, and checks that fail when a program
# does something else than what was seen. Sourced by the scripts beside this folder; it runs nothing by itself.

work=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
pids=()

cleanup() {
  local pid
  for pid in ${pids[@]+"${pids[@]}"}; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  chmod -R u+w "$work" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

die() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# check WHAT SEEN-THEN SEEN-NOW: prints what is seen, and fails when it is not what was seen when the finding was written.
check() {
  printf '%s: %s\n' "$1" "$3"
  [[ $2 == "$3" ]] || die "$1: expected '$2', the behaviour has changed"
}

# need_apt NAME=VERSION...: Debian packages, installed when missing; another version than the one named is a plain failure.
need_apt() {
  local wanted name version have missing=()
  for wanted in "$@"; do
    dpkg-query -W -f='${db:Status-Abbrev}\n' "${wanted%%=*}" 2>/dev/null | grep -q '^ii' || missing+=("$wanted")
  done
  if ((${#missing[@]})); then
    apt-get update -qq >"$work/apt-get.log" 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >>"$work/apt-get.log" 2>&1 ||
      die "cannot install ${missing[*]}: $(tail -n 1 "$work/apt-get.log")"
  fi
  for wanted in "$@"; do
    name=${wanted%%=*} version=${wanted#*=}
    have=$(dpkg-query -W -f='${Version}' "$name")
    [[ $have == "$version" ]] || die "this was seen with $name $version, here is $have"
    printf 'version: %s %s\n' "$name" "$have"
  done
}

# need_pip NAME==VERSION...: a virtual environment in $work/venv that holds these packages.
need_pip() {
  [[ -d $work/venv ]] || python3 -m venv "$work/venv"
  "$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@" || die "cannot install $*"
  printf 'version: %s\n' "$@"
}

# need_npm NAME@VERSION...: packages in $work/node_modules, without install scripts.
need_npm() {
  [[ -e $work/package.json ]] || echo '{"private":true}' >"$work/package.json"
  (cd "$work" && npm install --silent --ignore-scripts --no-audit --no-fund --save-exact "$@" >/dev/null) || die "cannot install $*"
  printf 'version: %s\n' "$@"
}

# need_maven GROUP:NAME:VERSION...: jars with what they need in $work/jars; their class path in $classpath.
need_maven() {
  local coordinate group name version
  {
    echo '<project><modelVersion>4.0.0</modelVersion><groupId>finding</groupId><artifactId>finding</artifactId><version>1</version><dependencies>'
    for coordinate in "$@"; do
      IFS=: read -r group name version <<<"$coordinate"
      echo "<dependency><groupId>$group</groupId><artifactId>$name</artifactId><version>$version</version></dependency>"
    done
    echo '</dependencies></project>'
  } >"$work/pom.xml"
  mvn -q -B -f "$work/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DoutputDirectory="$work/jars" >"$work/mvn.log" 2>&1 || die "cannot fetch $*: $(tail -n 1 "$work/mvn.log")"
  classpath=$work/jars/'*'
  printf 'version: %s\n' "$@"
}

# serve FOLDER: a static server on a free port of 127.0.0.1; sets $port, and logs "METHOD path status" to $requests.
serve() {
  requests=$work/requests.log
  : >"$requests"
  rm -f "$work/port"
  python3 - "$1" "$work/port" "$requests" <<'PY' &
import functools, http.server, os, sys

folder, port_file, log = sys.argv[1:]

class Handler(http.server.SimpleHTTPRequestHandler):
    def log_request(self, code='-', size='-'):
        with open(log, 'a') as out:
            out.write(f'{self.command} {self.path} {int(code)}\n')

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Handler, directory=folder))
with open(port_file + '.new', 'w') as out:
    out.write(str(server.server_address[1]))
os.rename(port_file + '.new', port_file)
server.serve_forever()
PY
  pids+=($!)
  await_port
}

# await_port: waits until a server has written its port to $work/port; sets $port.
await_port() {
  local tries
  for tries in $(seq 100); do
    [[ -s $work/port ]] && break
    ((tries < 100)) || die 'the server did not start'
    sleep 0.1
  done
  port=$(cat "$work/port")
}

# make_deb FILE NAME VERSION ARCHITECTURE [FILE-CONTENT] [MORE-FIELD-LINES]: a small valid binary package.
make_deb() {
  local tree
  tree=$(mktemp -d "$work/deb.XXXXXX")
  mkdir -p "$tree/DEBIAN" "$tree/usr/share/doc/$2" "$(dirname "$1")"
  printf '%s\n' "${5:-text}" >"$tree/usr/share/doc/$2/readme"
  {
    printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: Nobody <nobody@example.org>\n' "$2" "$3" "$4"
    printf 'Section: misc\nPriority: optional\n'
    [[ -z ${6:-} ]] || printf '%s\n' "$6"
    printf 'Description: a small package\n'
  } >"$tree/DEBIAN/control"
  find "$tree" -exec touch -d @1700000000 {} +
  SOURCE_DATE_EPOCH=1700000000 dpkg-deb -Zgzip --root-owner-group -b "$tree" "$1" >/dev/null
  rm -r "$tree"
}

# own_apt SOURCE-LINE...: an apt that knows nothing of the host's, and an amd64 system without packages; sets APT_CONFIG.
own_apt() {
  local root=$work/apt
  mkdir -p "$root"/{etc/apt/{apt.conf.d,preferences.d,trusted.gpg.d,sources.list.d},var/lib/apt/lists/partial} \
    "$root"/var/{cache/apt/archives/partial,lib/dpkg}
  : >"$root/var/lib/dpkg/status"
  printf '%s\n' "$@" >"$root/etc/apt/sources.list"
  cat >"$work/apt.conf" <<CONF
Dir "$root";
Dir::State::status "$root/var/lib/dpkg/status";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Sandbox::User "root";
Acquire::http::Proxy "DIRECT";
Acquire::Languages "none";
CONF
  export APT_CONFIG=$work/apt.conf
}

# make_rpm FOLDER NAME VERSION: a small valid noarch package FOLDER/NAME-VERSION.rpm, made by rpmbuild.
make_rpm() {
  mkdir -p "$1"
  {
    printf 'Name: %s\nVersion: %s\nRelease: 1\nSummary: small\nLicense: MIT\nBuildArch: noarch\n' "$2" "$3"
    printf '%%%%description\nsmall\n%%%%files\n'
  } >"$work/$2.spec"
  rpmbuild --quiet --define "_topdir $work/build" --define "_rpmdir $1" --define '_rpmfilename %{name}-%{version}.rpm' \
    -bb "$work/$2.spec" >"$work/rpmbuild.log" 2>&1 || die "rpmbuild: $(tail -n 1 "$work/rpmbuild.log")"
}

# check_lines: compares the lines of $work/seen with those on standard input, the ones seen when the finding was written.
check_lines() {
  cat "$work/seen"
  diff - "$work/seen" >"$work/difference" || die "the behaviour has changed (< seen then, > seen now):"$'\n'"$(cat "$work/difference")"
}

# with_python_index: runs the Python program on standard input, which may import python_index, and keeps its output in $work/seen.
with_python_index() {
  need_pip pip==26.3 uv==0.13.9
  cat >"$work/experiment.py"
  PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$(dirname "${BASH_SOURCE[0]}") TMPDIR=$work \
    "$work/venv/bin/python" "$work/experiment.py" >"$work/seen" 2>"$work/errors" || die "$(tail -n 3 "$work/errors")"
}

# need_go GO-VERSION MODULE@VERSION...: a Go module in $work/module that requires these modules; its program goes into main.go there.
need_go() {
  local wanted=$1 have
  shift
  export GOTOOLCHAIN=local GOFLAGS=-mod=mod
  have=$(go env GOVERSION)
  [[ $have == "$wanted" ]] || die "this was seen with $wanted, here is $have"
  mkdir -p "$work/module"
  printf 'module finding\n\ngo 1.24\n' >"$work/module/go.mod"
  (($# == 0)) || (cd "$work/module" && go get "$@" >"$work/go.log" 2>&1) || die "cannot fetch $*: $(tail -n 1 "$work/go.log")"
  printf 'version: %s\n' "$have" "$@"
}
