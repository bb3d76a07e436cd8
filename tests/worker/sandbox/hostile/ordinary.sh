#!/bin/sh
# As root: start a command as a user without any right, even where its interpreter or the repository lies in root's own folders.
#   ordinary.sh UID FOLDER... -- COMMAND...
# The folders are shown at their places in a mount namespace of its own, in which their parents can be walked.
set -eu
if [ "${ORDINARY_STAGED:-}" = "" ]; then ORDINARY_STAGED=1 exec unshare --mount --propagation private "$0" "$@"; fi
uid=$1
shift
while [ "$1" != -- ]; do
    top=$1
    closed=
    while [ "$top" != / ]; do
        top=$(dirname "$top")
        case $(stat -c %A "$top") in *x|*t) ;; *) closed=$top ;; esac
    done
    if [ "$closed" ]; then
        exec 9<"$1"
        mount -t tmpfs -o mode=755,size=1m tmpfs "$closed"
        mkdir -p "$1"
        mount --no-canonicalize --bind /proc/self/fd/9 "$1"
        exec 9<&-
    fi
    shift
done
shift
unset ORDINARY_STAGED
exec setpriv --reuid="$uid" --regid="$uid" --clear-groups --inh-caps=-all --no-new-privs env "$@"
