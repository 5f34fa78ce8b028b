/* SPDX-License-Identifier: MIT
 * stage - a spool on which deeds are done: numbered events, whose bytes follow from their numbers,
 * so that whoever knows the number can tell whether the record of it is whole.
 */
#ifndef FAULTS_STAGE_H
#define FAULTS_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"
#include "store/journal/journal.h"
#include "store/spool/spool.h"

#define DEEDS_MAX 64
#define BOXES_MAX 8
#define DEED_BODY_MAX 9000
#define STAGE_HOUR_NS (INT64_C(3600) * 1000000000)

struct stage {
    char path[256];
    struct journal_options options;
    struct spool spool;
    struct journal_group *group; /* or NULL */
    struct journal *journal;
    int64_t now_ns;
    struct err err;
};

/* Folders for tests, in memory where possible: what is tried out is not the disk. Removed whole. */
bool stage_folder(char *out, size_t len);
void stage_empty(const char *path);

/* Where times begin. */
int64_t stage_begin_ns(void);
/* The journal believes in a boot of that number. */
void stage_boot(unsigned number);
/* All fingerprints fall into one page of the first table, so that it is full after 256 events. */
void stage_crowd(bool yes);
/* Leaves room for a few slots in that page. The spool is open and holds an event. */
void stage_fill_page(struct stage *stage);

void stage_init(struct stage *stage, const char *root);
/* Makes the spool. */
bool stage_make(struct stage *stage);
bool stage_open(struct stage *stage);
void stage_close(struct stage *stage);

void deed_event(struct event_facts *event, unsigned number, char body[DEED_BODY_MAX]);
bool deed_line(struct record_line *line, unsigned number);
void deed_key(unsigned number, char out[EVENT_KEY_MAX]);

/* Appends deed `number`, at stage->now_ns, with ten seconds of time. What is acknowledged
 * is marked. `id` and `duplicate` (may be NULL) are the receipt's. */
enum status stage_append(struct stage *stage, unsigned number, char id[RECORD_ID_MAX],
                         bool *duplicate);
enum status stage_append_until(struct stage *stage, unsigned number, uint64_t in_ns);
/* Housekeeping until none is left. */
bool stage_keep_house(struct stage *stage);
/* A quarantine entry with a body that follows from its number. */
bool stage_box(struct stage *stage, unsigned number);
/* The name of its file. False: it is not there whole, or more than once. */
#define BOX_FILE_MAX 256
bool stage_box_name(const struct stage *stage, unsigned number, char out[BOX_FILE_MAX]);
/* Whether it is there, whole. */
bool stage_boxed(const struct stage *stage, unsigned number);
/* Whether each file of the quarantine that has its name is a whole entry. */
bool stage_boxes_whole(const struct stage *stage);

#endif
