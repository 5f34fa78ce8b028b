/* SPDX-License-Identifier: MIT
 * init_place - where a path of init leads, for one who must not be led astray.
 *
 * As root (`system`), init makes files for another user, perhaps below a folder of that user, who
 * may replace any name there at any moment. So the path is walked from / by descriptors, and a link
 * or ".." is followed only in a folder that belongs to root and that nobody else can write to.
 */
#ifndef ADMIN_INIT_PLACE_H
#define ADMIN_INIT_PLACE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

struct init_place {
    int dir; /* the folder, O_PATH; the caller closes it */
    char name[NAME_MAX + 1];
};

/* Finds the folder and the last name of the absolute `path`. The name need not exist; if it is a
 * link, the place is where the link leads. `make`: makes folders that are missing, 0755 as
 * `system`, else 0700. STATUS_MISSING, without `make`: a folder is missing. STATUS_OWNER: the path
 * has a link that another user could have made, or a folder was replaced while it was made. On any
 * failure nothing is open; folders that were made stay. */
enum status init_place_find(struct init_place *out, const char *path, bool system, bool make,
                            struct err *err) STATUS_CHECKED;

/* Makes the folder name in dir with this mode, owned by us, and opens it. -1 with errno: EEXIST,
 * there is something of that name; ESTALE, as `system`: what is there now is not what was made. */
int init_place_mkdir(int dir, const char *name, mode_t mode, bool system);

#endif
