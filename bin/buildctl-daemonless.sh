#!/bin/sh
set -eu
self=$0
while [ -L "$self" ]; do
    target=$(readlink "$self")
    case "$target" in
        /*) self=$target ;;
        *) self=$(dirname "$self")/$target ;;
    esac
done
case "$self" in
    */*) root=${self%/*}/.. ;;
    *) root=.. ;;
esac
entry=buildctl-daemonless.js
. "$root/bin/launch.sh"
