/** Where the working tree is in a container, as agent-stack-k8s has it. */
export const checkoutFolder = "/workspace/build/buildkite";
/** Where the stand-in of the agent is in a container. */
export const agentFolder = "/workspace/.agent";

/**
 * What runs a command in a container, in place of tini and the agent: the script's shell in the checkout, which hears of SIGTERM with all that it
 * started (a container's first process would not, unless it asked for it). `$1` is the command. One line that names a file of the checkout
 * means that file.
 */
export const supervisor = `
cd "$COOPER_CHECKOUT" || exit 1
PATH=$PATH:$COOPER_AGENT_DIR; export PATH
line=$(printf %s "$1" | tr -d '\\n' 2>/dev/null || printf %s "$1")
command=$1
if [ -n "$line" ] && [ -f "./$line" ]; then chmod +x "./$line" 2>/dev/null; command=./$line; fi
trap 'asked=1; kill -TERM -1 2>/dev/null' TERM
\${BUILDKITE_SHELL:-/bin/sh -ec} "$command" &
child=$!
while :; do
  asked=
  wait "$child"
  code=$?
  [ -n "$asked" ] || break
done
exit "$code"
`;
