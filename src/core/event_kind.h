/* SPDX-License-Identifier: MIT
 * event_kind - the kinds of deliveries that we know, and their names in records.
 */
#ifndef CORE_EVENT_KIND_H
#define CORE_EVENT_KIND_H

#include <stdbool.h>

#include "base/str.h"

enum event_kind {
    EVENT_TRANSCRIPT,     /* {"transcript_id","status"} */
    EVENT_REDACTED_AUDIO, /* {"status","redacted_audio_url"} */
    EVENT_STREAMING,      /* {"session_id","messages"} */
    EVENT_VOICE_AGENT,    /* {"event_id","event",...} */
    EVENT_TRIAL,          /* {"stenohook":"trial","event_id",...}: of `stenohook check --url` */
    EVENT_UNKNOWN
};

/* "transcript", "redacted_audio", "streaming", "voice_agent", "trial", "unknown". */
const char *event_kind_name(enum event_kind kind);
bool event_kind_parse(struct str s, enum event_kind *out);

/* Whether hooks run for events of this kind. An event of another kind names no hooks, and a replay
 * skips it. */
bool event_kind_runs_hooks(enum event_kind kind);

#endif
