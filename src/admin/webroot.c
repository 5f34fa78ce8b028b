/* SPDX-License-Identifier: MIT
 * webroot - whether a path looks like one that a web server hands out.
 */
#include "admin/webroot.h"

#include <stddef.h>

#include "base/str.h"

static const char *const names[] = {"public_html", "htdocs",  "httpdocs",
                                    "www",         "wwwroot", "webroot"};

bool webroot_likely(const char *path)
{
    struct str rest = str_of(path);
    bool more = true;

    while (more) {
        struct str part;

        more = str_cut(rest, '/', &part, &rest);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (str_is(part, names[i]))
                return true;
    }
    return false;
}
