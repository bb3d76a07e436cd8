#!/bin/sh
# As root: start a command as a user without any right, even where its interpreter or the repository lies in root's own folders.
#   ordinary.sh UID FOLDER... -- COMMAND...
# The folders are shown at their places in a mount namespace of its own, in which their parents can be walked.
set -eu
if [ "${ORDINARY_STAGED:-}" = "" ]; then ORDINARY_STAGED=1 exec unshare --mount --propagation private "$0" "$@"; fi

# The topmost parent of a folder that others cannot walk.
closed_above() {
    place=$1
    found=
    while [ "$place" != / ]; do
        place=$(dirname "$place")
        case $(stat -c %A "$place") in *x | *t) ;; *) found=$place ;; esac
    done
    echo "$found"
}

uid=$1
shift
fd=3
closed=
hidden=
while [ "$1" != -- ]; do
    above=$(closed_above "$1")
    if [ "$above" ]; then
        eval "exec $fd<\"\$1\""
        closed="$closed $above"
        hidden="$hidden $fd:$1"
        fd=$((fd + 1))
    fi
    shift
done
shift
for folder in $(printf '%s\n' $closed | sort -u); do mount -t tmpfs -o mode=755,size=1m tmpfs "$folder"; done
for entry in $hidden; do
    mkdir -p "${entry#*:}"
    mount --no-canonicalize --bind "/proc/self/fd/${entry%%:*}" "${entry#*:}"
    eval "exec ${entry%%:*}<&-"
done
unset ORDINARY_STAGED
exec setpriv --reuid="$uid" --regid="$uid" --clear-groups --inh-caps=-all --no-new-privs env "$@"
