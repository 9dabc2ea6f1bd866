# shellcheck shell=bash
# Six installers of npm packages and a registry for them. Sourced after common.sh.

need_npm_installers() {
  need_npm npm@11.19.1 pnpm@12.21.0 yarn@1.22.22 @yarnpkg/cli-dist@4.18.1 @oven/bun-linux-x64-baseline@1.4.5 @deno/linux-x64-glibc@2.9.6
}

# npm_registry PACKAGES-JSON: serves these packages (see npm-registry.mjs); sets $port and $registry.
npm_registry() {
  printf '%s' "$1" >"$work/packages.json"
  rm -f "$work/port"
  TMPDIR=$work node "$(dirname "${BASH_SOURCE[0]}")/npm-registry.mjs" "$work/packages.json" "$work/port" "$work/requests.log" &
  pids+=($!)
  await_port
  registry=http://127.0.0.1:$port
}

# installed_by TOOL NAME RANGE: installs this one dependency into an empty project and prints the version that came, or "none".
installed_by() {
  local project bin=$work/node_modules
  project=$(mktemp -d "$work/project.XXXXXX")
  (
    cd "$project"
    export HOME=$project XDG_CACHE_HOME=$project/cache npm_config_cache=$project/cache DENO_DIR=$project/deno DO_NOT_TRACK=1 NO_UPDATE_NOTIFIER=1
    printf '{"name":"project","version":"1.0.0","dependencies":{"%s":"%s"}}\n' "$2" "$3" >package.json
    echo "registry=$registry/" >.npmrc
    case $1 in
      npm) node "$bin/npm/bin/npm-cli.js" install --no-audit --no-fund ;;
      pnpm) "$bin/.bin/pnpm" install --config.minimum-release-age=0 --store-dir "$project/store" --config.cache-dir="$project/cache" ;;
      yarn1) node "$bin/yarn/bin/yarn.js" install --no-lockfile --cache-folder "$project/cache" ;;
      yarn4)
        printf '%s\n' 'nodeLinker: node-modules' "npmRegistryServer: '$registry'" 'unsafeHttpWhitelist: ["127.0.0.1"]' \
          'enableTelemetry: false' 'enableGlobalCache: false' 'enableImmutableInstalls: false' >.yarnrc.yml
        : >yarn.lock
        node "$bin/@yarnpkg/cli-dist/bin/yarn.js" install
        ;;
      bun) "$bin/@oven/bun-linux-x64-baseline/bin/bun" install --cache-dir "$project/cache" ;;
      deno) NPM_CONFIG_REGISTRY=$registry/ "$bin/@deno/linux-x64-glibc/deno" install --node-modules-dir=auto ;;
    esac
  ) >"$work/install.log" 2>&1 </dev/null || true
  if [[ -e $project/node_modules/$2/package.json ]]; then
    node -p "require('$project/node_modules/$2/package.json').version"
  else
    echo none
  fi
  rm -rf "$project"
}

# installed_by_all NAME RANGE: "npm VERSION, pnpm VERSION, ...".
installed_by_all() {
  local tool all=''
  for tool in npm pnpm yarn1 yarn4 bun deno; do all+="${all:+, }$tool $(installed_by "$tool" "$1" "$2")"; done
  echo "$all"
}
