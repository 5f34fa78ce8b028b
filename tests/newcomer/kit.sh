#!/bin/bash
# SPDX-License-Identifier: MIT
# kit.sh - cases of the newcomer's tests: each function case_... of the script that sources this, in its order.

only_in_a_fresh_root() {
    if [ -z "${STENOHOOK_FRESH:-}" ]; then
        echo "$(basename "$0"): changes the machine it runs on; run it by tests/tools/fresh" >&2
        exit 2
    fi
}

# In a case: it goes on, so that more than the first is seen.
fails() {
    echo "    $*"
    case_status=1
}

# Runs them in the order of the script, or those whose name holds a WORD; ends with "N passed, N failed".
run_cases() { # [WORD ...]
    local name begun word chosen passed=0 failed=0
    # shellcheck disable=SC2013 # names have no blanks
    for name in $(sed -n 's/^\(case_[a-z0-9_]*\)() {$/\1/p' "$0"); do
        chosen=no
        for word in "${@:-case}"; do [[ $name != *"$word"* ]] || chosen=yes; done
        [ $chosen = yes ] || continue
        begun=$SECONDS
        case_status=0
        "$name"
        if [ $case_status -eq 0 ]; then
            passed=$((passed + 1))
            printf 'ok     '
        else
            failed=$((failed + 1))
            printf 'FAILED '
        fi
        name=${name#case_}
        printf '%s: %s (%s s)\n' "$(basename "$0")" "${name//_/ }" $((SECONDS - begun))
    done
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
    exit
}
