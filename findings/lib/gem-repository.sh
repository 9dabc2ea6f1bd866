# shellcheck shell=bash
# Small gems, a repository of them in the old or the new index form, and an installation from it. Sourced after common.sh.

need_ruby() {
  need_apt ruby-rubygems=3.3.15-2+deb12u1
  export GEM_HOME=$work/gems GEM_PATH=$work/gems GEM_SPEC_CACHE=$work/spec-cache HOME=$work
}

# make_gem FOLDER NAME VERSION PLATFORM: builds a gem into FOLDER and prints the name of its file.
make_gem() {
  mkdir -p "$1"
  cat >"$work/$2.gemspec" <<SPEC
Gem::Specification.new do |s|
  s.name, s.version, s.platform = '$2', '$3', '$4'
  s.summary, s.description, s.authors, s.files = 'small', '$3 $4', ['Nobody'], []
end
SPEC
  (cd "$work" && gem build "$2.gemspec" 2>/dev/null | sed -n 's/^ *File: //p' >"$work/built" && mv "$(cat "$work/built")" "$1/")
  cat "$work/built"
}

# index_gems FOLDER: the index that `gem generate_index` makes of FOLDER/gems.
index_gems() { gem generate_index --quiet --directory "$1" >/dev/null 2>&1; }

# compact_index FOLDER NAME: adds FOLDER/info/NAME that lists the files of this gem, and takes the full indexes away.
compact_index() {
  local file version
  mkdir -p "$1/info"
  {
    echo '---'
    for file in "$1"/gems/"$2"-*.gem; do
      version=$(basename "$file" .gem)
      printf '%s |checksum:%s\n' "${version#"$2"-}" "$(sha256sum "$file" | cut -d' ' -f1)"
    done
  } >"$1/info/$2"
  rm -f "$1"/*specs.4.8*
}

# gem_gets NAME [OPTION...]: installs the gem from http://127.0.0.1:$port/$place/ and prints what came, or how it failed.
gem_gets() {
  rm -rf "$GEM_HOME" "$GEM_SPEC_CACHE"
  if gem install --clear-sources --source "http://127.0.0.1:$port/$place/" --no-document "$@" >"$work/install.log" 2>&1; then
    ls "$GEM_HOME/gems"
  else
    sed -n 's/^ERROR: *//p' "$work/install.log" | head -n 1
  fi
}
