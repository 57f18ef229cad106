#!/bin/sh
# rootfs.sh FOLDER: makes FOLDER the part of Cooper's image that comes from Debian: the programs below with their libraries, and the few
# files of /etc that they read. Needs mmdebstrap and a Debian mirror; no package is configured, so nothing is run but `ld.so --list`.
set -eu
target=$1
here=$(CDPATH= cd -- "$(dirname "$0")" && pwd)
suite=${SUITE:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
umask 022

programs="usr/bin/git usr/lib/git-core/git-remote-http usr/lib/git-core/git-submodule
usr/lib/git-core/git-sh-setup usr/lib/git-core/git-sh-i18n usr/bin/ssh usr/sbin/runc usr/bin/newuidmap usr/bin/newgidmap
usr/bin/unshare usr/bin/nsenter usr/bin/xz bin/bzip2"
# Node's, and those that Cooper opens by name.
libraries="libatomic.so.1 libdl.so.2 libm.so.6 libstdc++.so.6 libgcc_s.so.1 libpthread.so.0 libc.so.6 libisal.so.2 libdeflate.so.0
libnss_files.so.2 libnss_dns.so.2"

all=$(mktemp -d)
trap 'rm -rf "$all"' EXIT INT TERM
packages=$(grep -v '^#' "$here/packages.txt" | paste -sd, -)
mmdebstrap --quiet --variant=extract --include="$packages" "$suite" "$all" >&2

mkdir -p "$target"
for folder in etc/ssl/certs home proc sys dev run root usr/bin usr/sbin usr/lib usr/lib64 var/lib/buildkit; do
    mkdir -p "$target/$folder"
done
for name in bin sbin lib lib64; do ln -s "usr/$name" "$target/$name"; done
mkdir -m 1777 "$target/tmp" "$target/var/tmp"
chmod 700 "$target/root"
# Some clusters run containers as any uid, in group 0.
chmod 775 "$target/var/lib/buildkit"

# Everything that was outside of /usr goes into it. Links are resolved: a library has one name, the one that it is asked for.
put() {
    case "$1" in
        usr/*) to=$target/$1 ;;
        *) to=$target/usr/$1 ;;
    esac
    [ -e "$to" ] && return
    mkdir -p "$(dirname "$to")"
    cp -L --preserve=mode,timestamps "$all/$1" "$to"
}

loaders=$(cd "$all" && find lib lib64 -name 'ld-linux*.so.*')
loader=${loaders##*
}
paths=$(cd "$all" && find lib usr/lib -maxdepth 1 -name '*-linux-gnu')
search=$(for path in $paths; do printf '%s:' "$all/$path"; done)
libraries_of() {
    "$all/$loader" --library-path "$search" --list "$all/$1" 2>/dev/null | sed -n "s|.*=> $all/\\([^ ]*\\) .*|\\1|p"
}

# By the name that is in every program, too (/lib64/ld-linux-x86-64.so.2).
for path in $loaders; do put "$path"; done
put bin/busybox
for program in $programs; do
    [ -e "$all/$program" ] || continue
    put "$program"
    for library in $(libraries_of "$program"); do put "$library"; done
done
for name in $libraries; do
    for path in $paths; do
        [ -e "$all/$path/$name" ] || continue
        put "$path/$name"
        for library in $(libraries_of "$path/$name"); do put "$library"; done
    done
done

# git calls its parts by these names; the shell is busybox's, like that of upstream's image.
ln -s git-remote-http "$target/usr/lib/git-core/git-remote-https"
for name in git git-submodule--helper; do ln -s ../../bin/git "$target/usr/lib/git-core/$name"; done
for name in upload-pack receive-pack upload-archive; do ln -s git "$target/usr/bin/git-$name"; done
for applet in $("$all/bin/busybox" --list); do
    [ -e "$target/usr/bin/$applet" ] || [ -e "$target/usr/sbin/$applet" ] || ln -s busybox "$target/usr/bin/$applet"
done
for command in buildctl buildctl-daemonless.sh buildkitd cooper; do
    ln -s "../lib/cooper/bin/$command" "$target/usr/bin/$command"
done

cat "$all"/usr/share/ca-certificates/mozilla/*.crt >"$target/etc/ssl/certs/ca-certificates.crt"
cat >"$target/etc/passwd" <<EOT
root:x:0:0:root:/root:/bin/sh
user:x:1000:1000:user:/home/user:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false
EOT
printf 'root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n' >"$target/etc/group"
echo "user:100000:65536" | tee "$target/etc/subuid" >"$target/etc/subgid"
echo "hosts: files dns" >"$target/etc/nsswitch.conf"
# A checkout in a pod mostly belongs to somebody else; there is nobody here to protect from it.
printf '[safe]\n\tdirectory = *\n' >"$target/etc/gitconfig"

# Set-user-id programs may not write id maps in a container without CAP_SYS_ADMIN; those with just the capability may.
if command -v setcap >/dev/null; then
    chmod 755 "$target/usr/bin/newuidmap" "$target/usr/bin/newgidmap"
    setcap cap_setuid+ep "$target/usr/bin/newuidmap"
    setcap cap_setgid+ep "$target/usr/bin/newgidmap"
fi
