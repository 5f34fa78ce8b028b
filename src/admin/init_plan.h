/* SPDX-License-Identifier: MIT
 * init_plan - what init is to make, and for whom. Nothing is made here.
 */
#ifndef ADMIN_INIT_PLAN_H
#define ADMIN_INIT_PLAN_H

#include <stdbool.h>

#include "admin/init_files.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/config/config.h"

/* The options; NULL: not given. */
struct init_wish {
    const char *spool, *config, *url, *endpoint, *header, *user;
};

/* One endpoint of the configuration, and the first of its secrets. */
struct init_endpoint {
    const struct config_endpoint *endpoint; /* borrowed of the configuration */
    char *secret_path;                      /* NULL if it has none */
    struct buf secret;
};

struct init {
    const struct init_wish *wish;
    struct init_owner owner; /* whose the spool and the secret are */
    char *home;              /* the owner's, or NULL */
    char *config_path, *spool_path;
    char *secret_path;               /* of a new configuration */
    struct config *config;           /* as it is on disk, or will be */
    struct init_endpoint *endpoints; /* the one that --endpoint names, or all */
    size_t endpoint_count;
};

#define INIT_SECRET_MAX 4096

/* In this order; init_plan_free gives all of it back, secrets wiped. */
enum status init_plan_user(struct init *init, struct err *err) STATUS_CHECKED;
enum status init_plan_paths(struct init *init, struct err *err) STATUS_CHECKED;
/* Reads the configuration that is there, or makes up the text of a new one; *exists tells which. A
 * value that the configuration does not take, or an option that one which is there contradicts, is
 * STATUS_USAGE. */
enum status init_plan_config(struct init *init, struct buf *text, bool *exists,
                             struct err *err) STATUS_CHECKED;
void init_plan_free(struct init *init);

#endif
