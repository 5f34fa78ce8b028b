#!/bin/bash
# SPDX-License-Identifier: MIT
# progress.sh - for scripts that source it: runs long commands, and prints their progress every few seconds.

BEAT=5 # seconds; the output should not be silent for ten
watched_group=''
# A pipe that never has anything to read: waiting for it takes no process of its own.
exec {never}<> <(:)

# Ends the running command, and waits for its end; for the traps of scripts that source this.
stop_watched() {
    [ -n "$watched_group" ] || return 0
    kill -TERM -- "-$watched_group" 2>/dev/null || true
    wait "$watched_group" 2>/dev/null || true
    watched_group=''
}

lines_of() { # PATTERN FILE
    grep -cE -- "$1" "$2" 2>/dev/null || true
}

# Lines of make's output that stand for a file which is compiled, and how many of them there will be.
COMPILES='^  CC '
compiles() { # MAKE'S ARGUMENTS ...
    make -n "$@" 2>/dev/null | grep -e ' -c -o ' | sort -u | wc -l
}

# Runs COMMAND with its output in LOG, and prints how many lines of LOG match PATTERN. TOTAL and PATTERN may be empty.
# EACH is a command that is run several times a second, to print news, or empty. Returns the command's status.
watched() { # WHAT LOG PATTERN TOTAL EACH COMMAND ...
    local what=$1 log=$2 pattern=$3 total=$4 each=$5 begun=$SECONDS printed text status=0
    shift 5
    printed=$((begun - BEAT / 2)) # the steps before may have been silent for a while
    : >"$log"
    # A group of its own, which stop_watched can end as a whole.
    set -m
    "$@" >>"$log" 2>&1 </dev/null &
    watched_group=$!
    set +m
    while kill -0 "$watched_group" 2>/dev/null; do
        read -r -t 0.2 -u "$never" || true
        [ -z "$each" ] || "$each"
        if [ $((SECONDS - printed)) -ge "$BEAT" ]; then
            text=$what
            [ -z "$pattern" ] || text="$text: $(lines_of "$pattern" "$log")${total:+ of $total}"
            printf '   %s (%s s)\n' "$text" "$((SECONDS - begun))"
            printed=$SECONDS
        fi
    done
    wait "$watched_group" 2>/dev/null || status=$?
    watched_group=''
    [ -z "$each" ] || "$each"
    return "$status"
}
