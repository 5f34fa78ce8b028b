/* SPDX-License-Identifier: MIT
 * cgi_parts - what a transport fills in for the functions of cgi.h. Private to this room.
 */
#ifndef CGI_CGI_PARTS_H
#define CGI_CGI_PARTS_H

#include "cgi/cgi.h"

struct exchange_calls {
    enum status (*read)(struct exchange *x, void *out, size_t max, uint64_t deadline_ns,
                        size_t *got, struct err *err);
    bool (*would_wait)(const struct exchange *x);
    void (*write)(struct exchange *x, const void *bytes, size_t len);
    void (*log)(struct exchange *x, const char *line,
                size_t len); /* a whole line, with its newline */
};

/* First member of each transport's own struct. */
struct exchange {
    const struct exchange_calls *calls;
    char *const *env;
    uint64_t accepted_ns;
    bool left; /* exchange_leave was called */
};

#endif
