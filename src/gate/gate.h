/* SPDX-License-Identifier: MIT
 * gate - what the threads of the process share: private to this room.
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/buf.h"
#include "gate/accept.h"
#include "gate/spool_pool.h"

#define GATE_NOTES_MAX 2048

struct gate {
    bool fastcgi;
    struct spool_pool sites;
    /* FastCGI. */
    struct settings_cache *cache;
    /* CGI: read once; NULL: why is in problem. */
    const struct settings *settings;
    struct err problem;
    /* What settings.c has to say, until a request takes it along to the log. */
    pthread_mutex_t lock;
    struct buf notes;  /* sentences, each with a newline */
    atomic_bool noted; /* there are some: most requests need no lock */
};

/* Its name in the log. */
const char *gate_program(const struct gate *gate);

/* The settings that serve now. Given back with gate_settings_release. */
enum status gate_settings(struct gate *gate, const struct settings **out,
                          struct err *err) STATUS_CHECKED;
void gate_settings_release(struct gate *gate, const struct settings *settings);
/* Whether those settings are what is on disk. */
bool gate_settings_whole(struct gate *gate);
/* Moves what there is to say to `out`. */
void gate_take_notes(struct gate *gate, struct buf *out);

#endif
