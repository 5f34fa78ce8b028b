/* SPDX-License-Identifier: MIT
 * apart - one unit test in a process of its own: a crash, a hang, a leak or an early exit is told
 * as the failure of that test.
 */
#ifndef UNIT_APART_H
#define UNIT_APART_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "unit.h"

#define APART_FOLDER_MAX 128
#define APART_SUITE_MAX 64

/* What the test's process says of itself; shared with it, and with those that it forks. */
struct apart_report {
    atomic_uint failures; /* assertions that did not hold */
    atomic_bool skipped;  /* wholly or in part, for lack of root */
    atomic_bool ended;    /* the test has returned */
};

/* A running or ended test. */
struct apart {
    const struct unit_case *test;
    pid_t pid; /* 0: none is running */
    int text;  /* a file of all that it printed, and of its failures; -1: none */
    struct apart_report *report;
    char folder[APART_FOLDER_MAX];
    uint64_t begun_ns, took_ns;
    bool hung;
    int status; /* as waitpid gives it */
};

/* The name of a test's suite, which is that of its file without "test_" and ".c". */
void apart_suite(const struct unit_case *test, char out[APART_SUITE_MAX]);
/* A file's name from "tests/" on. */
const char *apart_file(const char *file);
/* Removes a folder, or whatever has that name, with all that is in it. */
void apart_remove(const char *path);

/* Starts a test; its folder will be `folder`, which it makes if it needs it. false, with errno set:
 * there is no process or no memory for it. */
bool apart_start(struct apart *a, const struct unit_case *test, const char *folder);
/* Whether it is over; after `seconds` it is killed with all in its process group, and over. */
bool apart_over(struct apart *a, unsigned seconds);
/* Ends it by force. */
void apart_kill(struct apart *a);
/* Whether it passed, or was skipped without a failure. Only after apart_over. */
bool apart_passed(const struct apart *a);
/* Prints what it printed and what became of it, each line indented by four. */
void apart_tell(const struct apart *a, unsigned seconds);
/* Gives back the file of what it printed, which would else cost a descriptor for each test. */
void apart_close_text(struct apart *a);
/* Gives back what apart_start took. */
void apart_close(struct apart *a);

/* Runs it here, in the process that apart_start made. */
void unit_run(const struct unit_case *test, const char *folder, struct apart_report *report,
              int text);

#endif
