/** Where the source is, as with the agent. */
const checkout = "/workspace/build/buildkite";

/** Fetches the one commit of BUILDKITE_COMMIT from BUILDKITE_REPO. Some servers give only what a branch names: then the branch is fetched. */
export function sourceScript({ submodules, credentials }: { submodules: boolean; credentials: boolean }): string {
  const lines = [
    "set -eu",
    "umask 0",
    "export HOME=/workspace/.home",
    'mkdir -p "$HOME"',
    ...(credentials
      ? ['cp /git-credentials/.git-credentials "$HOME/.git-credentials"', "git config --global credential.helper store"]
      : []),
    `git init -q ${checkout}`,
    `cd ${checkout}`,
    'git remote add origin "$BUILDKITE_REPO"',
    'git fetch -q --depth=1 origin "$BUILDKITE_COMMIT" || git fetch -q origin "$BUILDKITE_BRANCH"',
    'git -c advice.detachedHead=false checkout -q "$BUILDKITE_COMMIT"',
    ...(submodules ? ["git submodule update -q --init --recursive --depth=1"] : []),
    ...(credentials ? ['rm -f "$HOME/.git-credentials"'] : []),
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * Runs BUILDKITE_COMMAND in the checkout as the agent does: by `/bin/sh -ec`, or as a program when it names a file of the checkout.
 * Of several containers each waits for the one before it, which tells its end by a file; one that fails keeps the later ones from
 * running. Only the shell's own words are needed, and `sleep`, `mkdir`, `chmod` (and `rm` in none).
 */
export function commandScript(at: number, count: number): string {
  const alone = count === 1;
  const lines = [
    "set -u",
    `mkdir -p ${checkout} "\${HOME:-/}" || :`,
    "export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'",
    ...(alone ? [] : ["marks=/workspace/.cooper", 'mkdir -p "$marks"']),
    ...(at === 0 ? [] : waiting(at)),
    `cd ${checkout}`,
    "run() {",
    '  if [ -f "$BUILDKITE_COMMAND" ]; then chmod +x "$BUILDKITE_COMMAND"; exec "./$BUILDKITE_COMMAND"; fi',
    '  exec /bin/sh -ec "$BUILDKITE_COMMAND"',
    "}",
    ...(alone ? ["run"] : inSeries(at)),
  ];
  return `${lines.join("\n")}\n`;
}

/** The one before writes a growing number while it runs: one that stands still for a minute was killed, and will write no more. */
function waiting(at: number): string[] {
  const before = `"$marks/${at - 1}`;
  return [
    "last= ; quiet=0",
    `until [ -e ${before}.ended" ]; do`,
    '  if [ -e "$marks/failed" ]; then exit 0; fi',
    "  sleep 1",
    `  now= ; if [ -e ${before}.alive" ]; then read -r now < ${before}.alive" || :; fi`,
    '  if [ -n "$now" ] && [ "$now" = "$last" ]; then quiet=$((quiet + 1)); else quiet=0; fi',
    "  last=$now",
    '  if [ "$quiet" -ge 60 ]; then echo "the container before this one was killed; perhaps it used too much memory" >&2; : > "$marks/failed"; exit 1; fi',
    "done",
    'if [ -e "$marks/failed" ]; then exit 0; fi',
  ];
}

function inSeries(at: number): string[] {
  const mine = `"$marks/${at}`;
  return [
    `( n=0; while :; do n=$((n + 1)); echo "$n" > ${mine}.alive"; sleep 5; done ) > /dev/null 2>&1 & beat=$!`,
    "( run ) & child=$!",
    `trap 'kill -TERM "$child" 2>/dev/null' TERM INT`,
    'wait "$child"; code=$?',
    'while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done',
    'kill "$beat" 2>/dev/null',
    'if [ "$code" -ne 0 ]; then : > "$marks/failed"; fi',
    `: > ${mine}.ended"`,
    'exit "$code"',
  ];
}
