#!/bin/sh
# Makes a clone ready to build images, to run its tests and its demo:
#   1. Debian packages that are missing (tools/debian-packages.txt), as root
#   2. npm packages, exactly as in package-lock.json
#   3. dist/, bundled from src/
# Says what it installs; does nothing, quickly, when nothing is missing. `setup.sh run` leaves out what only tests need.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*" >&2; }

wanted_packages() {
    while read -r need package _; do
        case "$need" in
            '#'* | '') ;;
            test) [ "$1" = run ] || echo "$package" ;;
            *) echo "$package" ;;
        esac
    done <tools/debian-packages.txt
}

missing_packages() {
    # shellcheck disable=SC2046 # package names are words
    installed=" $(dpkg-query -W -f='${Package}=${db:Status-Status} ' $(wanted_packages "$1") 2>/dev/null || true)"
    for package in $(wanted_packages "$1"); do
        case "$installed" in
            *" $package=installed "*) ;;
            *) printf '%s ' "$package" ;;
        esac
    done
}

# Services of these packages (docker-registry) must not start by being installed.
install_packages() {
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        trap 'rm -f "$policy"' EXIT INT TERM
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt="apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0"
    # shellcheck disable=SC2086 # lists of words
    $apt install -y --no-install-recommends $1 >&2 || {
        say "refreshing the package lists"
        $apt update >&2
        $apt install -y --no-install-recommends $1 >&2 || {
            say "cannot install: $1"
            exit 1
        }
    }
}

ensure_debian_packages() {
    command -v dpkg-query >/dev/null 2>&1 || {
        say "this is no Debian: please provide yourself: $(wanted_packages "$1" | tr '\n' ' ')"
        return 0
    }
    missing=$(missing_packages "$1")
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        say "these Debian packages are missing: $missing"
        say "install them as root, then run this again:"
        say "    apt-get install --no-install-recommends -y $missing"
        exit 1
    fi
    say "installing Debian packages: $missing"
    install_packages "$missing"
}

ensure_npm_packages() {
    stamp=node_modules/.cooper-lock
    cmp -s package-lock.json "$stamp" && return 0
    command -v npm >/dev/null 2>&1 || {
        say "npm is missing (Debian: apt-get install -y npm)"
        exit 1
    }
    say "installing npm packages from package-lock.json"
    npm ci --no-audit --no-fund --loglevel=error >&2
    cp package-lock.json "$stamp"
}

ensure_build() {
    stamp=dist/.built
    if [ -e "$stamp" ]; then
        newer=$(find src tools/build*.ts package-lock.json -newer "$stamp" \( -type d -o -name '*.ts' \) | head -n 1)
        [ -n "$newer" ] || return 0
    fi
    say "building dist/"
    PATH="$PWD/node_modules/.bin:$PATH" node tools/build.ts >&2
}

ensure_debian_packages "${1:-all}"
ensure_npm_packages
ensure_build
