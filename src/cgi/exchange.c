/* SPDX-License-Identifier: MIT
 * exchange - the part of an exchange that is the same for both transports.
 */
#include <string.h>

#include "base/clock.h"
#include "cgi/cgi_parts.h"

#define DRAIN_PIECE 4096
#define LINE_MAX_LEN 1024

char *const *exchange_env(const struct exchange *x)
{
    return x->env;
}

uint64_t exchange_accepted_ns(const struct exchange *x)
{
    return x->accepted_ns;
}

enum status exchange_read(struct exchange *x, void *out, size_t max, uint64_t deadline_ns,
                          size_t *got, struct err *err)
{
    return x->calls->read(x, out, max, deadline_ns, got, err);
}

bool exchange_would_wait(const struct exchange *x)
{
    return x->calls->would_wait(x);
}

void exchange_drain(struct exchange *x, uint64_t max, uint64_t deadline_ns)
{
    char piece[DRAIN_PIECE];
    uint64_t left = max;

    while (left > 0) {
        size_t got = 0;

        if (exchange_read(x, piece, left < sizeof piece ? (size_t)left : sizeof piece, deadline_ns,
                          &got, NULL) != STATUS_OK ||
            got == 0)
            return;
        left -= got;
    }
}

void exchange_leave(struct exchange *x)
{
    x->left = true;
}

void exchange_write(struct exchange *x, const void *bytes, size_t len)
{
    x->calls->write(x, bytes, len);
}

void exchange_log(struct exchange *x, const char *line, size_t len)
{
    char text[LINE_MAX_LEN + 1];

    /* One write, so that lines of several processes do not mix in a shared error log. */
    if (len > LINE_MAX_LEN)
        len = LINE_MAX_LEN;
    memcpy(text, line, len);
    text[len] = '\n';
    x->calls->log(x, text, len + 1);
}
