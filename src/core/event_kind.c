/* SPDX-License-Identifier: MIT
 * event_kind - see core/event_kind.h.
 */
#include "core/event_kind.h"

static const char *const kind_names[] = {
    [EVENT_TRANSCRIPT] = "transcript", [EVENT_REDACTED_AUDIO] = "redacted_audio",
    [EVENT_STREAMING] = "streaming",   [EVENT_VOICE_AGENT] = "voice_agent",
    [EVENT_TRIAL] = "trial",           [EVENT_UNKNOWN] = "unknown",
};
#define KINDS (sizeof kind_names / sizeof *kind_names)

const char *event_kind_name(enum event_kind kind)
{
    return kind_names[kind];
}

bool event_kind_parse(struct str s, enum event_kind *out)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (!str_is(s, kind_names[i]))
            continue;
        *out = (enum event_kind)i;
        return true;
    }
    return false;
}

/* No default: the compiler asks for each new kind. */
bool event_kind_runs_hooks(enum event_kind kind)
{
    switch (kind) {
    case EVENT_TRANSCRIPT:
    case EVENT_REDACTED_AUDIO:
    case EVENT_STREAMING:
    case EVENT_VOICE_AGENT:
    case EVENT_UNKNOWN:
        return true;
    case EVENT_TRIAL:
        return false;
    }
    return false;
}
