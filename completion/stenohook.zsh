#compdef stenohook
# SPDX-License-Identifier: MIT
_stenohook() {
    local state curcontext=$curcontext
    local -a verbs common filter last format dry_run yes
    verbs=(
        'init:make the spool, a secret and a configuration'
        'check:look for mistakes in the configuration, the spool and the host'
        'list:list recorded events in the order in which they were recorded'
        'show:show one event by its id or by the transcript'\''s'
        'tail:print the last events, and follow what is recorded'
        'stats:count what waits, what failed and what the spool holds'
        'replay:run the hooks of events again, also of those that were done'
        'retry:give events whose hook has failed all their attempts again, now'
        'drop:take events from the queue\: their hooks do not run (any more)'
        'resume:choose for which events hooks run, after a restored journal has paused them'
        'rejected:look at deliveries that are not on record, and record them after all'
        'prune:remove what is older than the configuration'\''s keep'
        'verify:read the whole journal and look for damage'
        'completion:print the completion of this command line for a shell'
        'run:run the hooks of recorded events'
        'send:deliver a sample webhook by AssemblyAI'\''s rules'
        'submit:have audio transcribed, with a webhook to an endpoint of ours'
        'fetch:get transcripts from AssemblyAI'\''s API'
        'reconcile:record the transcripts whose webhook never arrived'
        'sandbox:run a stand-in for AssemblyAI'\''s API on this machine'
        'help:explain a command'
    )
    common=(
        '--config[the configuration to use]:FILE:_files'
        '--help[print the options]'
    )
    filter=(
        '*--since[events received at T or later]:T:'
        '*--until[events received before T]:T:'
        '*--kind[transcript, redacted_audio, streaming, voice_agent, unknown]:K:(transcript redacted_audio streaming voice_agent trial unknown)'
        '*--status[completed, error, ...]:S:'
        '*--endpoint[events of this endpoint]:E:'
        '*--hook[the state of their hook]:H:(none waiting running retrying done dead dropped failed)'
    )
    format='*--format[text (default), or json]:F:(text json)'
    dry_run='*--dry-run[print the events that it would affect, and do nothing]'
    yes='*--yes[needed for more than one event]'
    _arguments -C '--config[the configuration to use]:FILE:_files' '--help[list the commands]' \
        '--version[print the version]' '1: :->verb' '*:: :->rest' && return
    case $state in
    verb) _describe command verbs ;;
    rest)
        case $words[1] in
        help) _describe command verbs ;;
        init) _arguments $common \
            '*--spool[the folder of the records]:DIR:_files' \
            '*--url[the address of the gateway for the sender]:URL:' \
            '*--endpoint[the name of the endpoint]:NAME:' \
            '*--header[the header that carries the secret]:NAME:' \
            '*--user[as root\: the user that the gateway runs as]:NAME:' ;;
        check) _arguments $common \
            '*-v[print also what is in order]' '*--verbose[print also what is in order]' \
            '*--url[prove by trial deliveries that webhooks to URL, or to the url of each endpoint, are recorded]' \
            '*--endpoint[with --url\: only this endpoint]:NAME:' ;;
        list) _arguments $common $filter $format \
            '*-n[the last N that match]:N:' '*--last[the last N that match]:N:' ;;
        show) _arguments $common \
            '*--raw[the body exactly as it was received, and nothing else]' \
            '*--attempts[the attempts of its hook, and nothing else]' \
            '*--curl[a command for sh that delivers it again]' $format ;;
        tail) _arguments $common $filter $format \
            '*-f[go on and print events as they are recorded, until --until]' \
            '*--follow[go on and print events as they are recorded, until --until]' \
            '*--runs[with -f\: print also how each attempt of a hook ended]' \
            '*-n[begin with the last N that match]:N:' '*--last[begin with the last N that match]:N:' ;;
        stats) _arguments $common \
            '*--format[text (default), json\: one object, or prometheus\: its text format]:F:(text json prometheus)' \
            '*--max-age[exit 1 if an event has waited for its hook for longer]:T:' \
            '*--max-dead[exit 1 if there are more dead letters]:N:' \
            '*-q[with --max-age or --max-dead\: print only which limit is exceeded]' \
            '*--quiet[with --max-age or --max-dead\: print only which limit is exceeded]' ;;
        replay) _arguments $common $filter $format $dry_run $yes \
            '*--failed[events whose hook has failed\: the same as --hook failed]' ;;
        retry) _arguments $common $filter $format $dry_run \
            '*--all[all dead letters, and all that wait for another attempt]' ;;
        drop) _arguments $common $filter $format $dry_run $yes ;;
        resume) _arguments $common \
            '*--from[now\: run no hook for what is on record; start\: run hooks for all of it]:T:(now start)' \
            '*--dry-run[print for how many events hooks would run, and do nothing]' \
            '*--yes[needed if hooks of more than one event will run]' ;;
        rejected) _arguments $common \
            '*--box[list, accept\: only this box]:B:(refused quarantine)' \
            '*--since[list, accept\: received at T or later]:T:' \
            '*--until[list, accept\: received before T]:T:' \
            '*--reason[list, accept\: rejected for this reason]:R:(unauthorized unknown-endpoint address foreign too-large malformed truncated stale)' \
            '*--endpoint[list, accept\: what came for this endpoint]:E:' \
            '*--format[list\: text (default), or json]:F:(text json)' \
            '*--raw[show\: the body exactly as it was received, and nothing else]' \
            '*--all[accept\: everything in the boxes]' \
            '*--as[accept\: record them for this endpoint instead of their own]:E:' \
            '*--dry-run[accept\: print what would be accepted, and do nothing]' \
            '*--yes[accept\: needed for more than one delivery]' \
            '1:word:(list show accept)' ;;
        prune) _arguments $common '*--dry-run[print what would be removed, and do nothing]' ;;
        verify) _arguments $common '*--repair[then rebuild the index and the state of the hooks]' ;;
        completion) _arguments $common '1:word:(bash zsh)' ;;
        *) _arguments $common ;;
        esac ;;
    esac
}
_stenohook "$@"
