/** The stand-in's version: of the agent whose commands it knows. */
export const agentVersion = "3.136.2";

/**
 * `buildkite-agent` as a shell script, for images that have nothing but a shell: it writes down the call in a folder that this process sees,
 * says so in a pipe, and waits for the answer. Standard input is read only when the answer asks for it.
 */
export const agentScript = `#!/bin/sh
# Stands in for buildkite-agent in a build by "cooper step run", which answers the calls.
dir=\${COOPER_AGENT_DIR:?buildkite-agent: this is no build of cooper step run}
[ -p "$dir/requests" ] || { echo "buildkite-agent: cooper step run has ended" >&2; exit 1; }
umask 0
number=0
until mkdir "$dir/calls/$$.$number" 2>/dev/null; do
  number=$((number + 1))
  [ "$number" -lt 100000 ] || { echo "buildkite-agent: cannot write to $dir" >&2; exit 1; }
done
name=$$.$number
call=$dir/calls/$name
count=0
for word in "$@"; do
  printf %s "$word" >"$call/arg.$count"
  count=$((count + 1))
done
printf %s "$count" >"$call/count"
printf %s "\${COOPER_CONTAINER:-}" >"$call/container"
pwd >"$call/cwd"
env >"$call/env" 2>/dev/null
mkfifo "$call/answer" 2>/dev/null
ask() {
  echo "$name" >"$dir/requests"
  if [ -p "$call/answer" ]; then
    # The end of an earlier answer may be read as one without words.
    until read -r verb code <"$call/answer" && [ -n "$verb" ]; do :; done
  else
    until [ -e "$call/answered" ]; do sleep 1; done
    read -r verb code <"$call/answered"
    rm -f "$call/answered"
  fi
}
ask
if [ "$verb" = stdin ]; then
  cat >"$call/stdin"
  ask
fi
[ ! -s "$call/out" ] || cat "$call/out"
[ ! -s "$call/err" ] || cat "$call/err" >&2
rm -rf "$call"
exit "\${code:-1}"
`;
