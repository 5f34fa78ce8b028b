/* SPDX-License-Identifier: MIT
 * auth_attempt - what several checks have in common.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "core/auth/auth_parts.h"

struct str auth_header_once(const struct request *request, const char *header, struct err *err)
{
    unsigned count;
    struct str value = request_header(request, header, &count);

    if (count == 1 && value.len > 0)
        return value;
    if (count == 0)
        (void)err_set(err, STATUS_UNAUTHORIZED, "%s missing", header);
    else if (count == 1)
        (void)err_set(err, STATUS_UNAUTHORIZED, "%s empty", header);
    else
        (void)err_set(err, STATUS_UNAUTHORIZED, "%s given %s", header,
                      count == 2 ? "twice" : "more than twice");
    return STR_NONE;
}

enum status auth_window_check(const struct auth_attempt *a, uint64_t signed_s, struct err *err)
{
    uint64_t now_s = a->now_ns < 0 ? 0 : (uint64_t)(a->now_ns / NS_PER_S);
    bool past = signed_s <= now_s;
    uint64_t distance = past ? now_s - signed_s : signed_s - now_s;

    if (distance <= a->endpoint->signature_window_s)
        return STATUS_OK;
    return err_set(err, STATUS_STALE,
                   "signature right, but made %" PRIu64 " s %s, and signature-window is %" PRIu64
                   " s; is the clock of this machine right?",
                   distance, past ? "ago" : "ahead", a->endpoint->signature_window_s);
}
