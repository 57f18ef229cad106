#!/bin/sh
# @GREETING@ is filled in by the build.
echo "@GREETING@ $*, as user $(id -u) on $(uname -m)"
