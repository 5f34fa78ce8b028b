# SPDX-License-Identifier: MIT
# bash completion of stenohook; needs nothing of the bash-completion package
_stenohook() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= words= i
    local filter='--since --until --kind --status --endpoint --hook'
    COMPREPLY=()
    # bash makes a word of its own of the = in --option=value
    [[ $word == = ]] && word=
    [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD-2]}
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --config) ((i++)) ;;
        -* | =) ;;
        *) verb=${COMP_WORDS[i]}; break ;;
        esac
    done
    case $verb:$before in
    *:--config | init:--spool) COMPREPLY=($(compgen -f -- "$word")); return ;;
    *:--kind) words='transcript redacted_audio streaming voice_agent trial unknown' ;;
    *:--hook) words='none waiting running retrying done dead dropped failed' ;;
    stats:--format) words='text json prometheus' ;;
    *:--format) words='text json' ;;
    resume:--from) words='now start' ;;
    rejected:--box) words='refused quarantine' ;;
    rejected:--reason)
        words='unauthorized unknown-endpoint address foreign too-large malformed truncated stale' ;;
    *:--since | *:--until | *:--status | *:--endpoint | *:--last | *:-n | rejected:--as) ;;
    init:--url | init:--header | init:--user | stats:--max-age | stats:--max-dead) ;;
    *)
        case $verb:$word in
        :-*) words='--version' ;;
        :* | help:*)
            words='init check list show tail stats replay retry drop resume rejected prune verify completion run send
                submit fetch reconcile sandbox help' ;;
        init:-*) words='--spool --url --endpoint --header --user' ;;
        check:-*) words='-v --verbose --url --endpoint' ;;
        list:-*) words="$filter -n --last --format" ;;
        show:-*) words='--raw --attempts --curl --format' ;;
        tail:-*) words="$filter -f --follow --runs -n --last --format" ;;
        stats:-*) words='--format --max-age --max-dead -q --quiet' ;;
        replay:-*) words="$filter --failed --dry-run --yes --format" ;;
        retry:-*) words="$filter --all --dry-run --format" ;;
        drop:-*) words="$filter --dry-run --yes --format" ;;
        resume:-*) words='--from --dry-run --yes' ;;
        rejected:-*)
            words='--box --since --until --reason --endpoint --format --raw --all --as --dry-run --yes' ;;
        rejected:*) words='list show accept' ;;
        prune:-*) words='--dry-run' ;;
        verify:-*) words='--repair' ;;
        completion:*) words='bash zsh' ;;
        esac
        [[ $word == -* ]] && words+=' --config --help' ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _stenohook stenohook
