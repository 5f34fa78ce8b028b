/* SPDX-License-Identifier: MIT
 * id - see base/id.h.
 */
#include "base/id.h"

#include <errno.h>
#include <sys/random.h>

enum status id_random(void *out, size_t len, struct err *err)
{
    unsigned char *p = out;

    while (len > 0) {
        ssize_t got = getrandom(p, len, 0);

        if (got < 0) {
            if (errno == EINTR)
                continue;
            return err_errno(err, "cannot get random bytes");
        }
        p += got;
        len -= (size_t)got;
    }
    return STATUS_OK;
}
