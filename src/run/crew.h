/* SPDX-License-Identifier: MIT
 * crew - the hooks that run now, each with its claim and its slot: started, watched, settled.
 */
#ifndef RUN_CREW_H
#define RUN_CREW_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "run/child.h"
#include "run/orphan.h"
#include "store/queue/queue.h"
#include "store/queue/slot.h"
#include "store/spool/spool.h"

/* After trouble of ours (no memory, no descriptors, a full disk) no hook is begun for so long. */
#define CREW_PAUSE_NS (5 * NS_PER_S)
#define CREW_POLLED_MAX (2 * SLOT_COUNT)

/* What is the same for all hooks. Borrowed. */
struct crew_setup {
    const struct spool *spool;
    const struct log *log;
    const char *home;           /* or NULL */
    const char *lang;           /* or NULL */
    const struct rlimit *files; /* RLIMIT_NOFILE of hooks, or NULL */
};

struct crew;

/* `queue` is borrowed. */
enum status crew_make(struct crew **out, const struct crew_setup *setup, struct queue *queue,
                      struct err *err) STATUS_CHECKED;
/* What still runs is left to the next runner. */
void crew_free(struct crew *crew);

/* Takes over what an earlier runner left: settles ended hooks as lost, and watches living ones.
 * After a failure it is unknown what lives, and no hook may be begun. */
enum status crew_adopt(struct crew *crew, uint64_t mono_ns, int64_t wall_ns,
                       struct err *err) STATUS_CHECKED;

/* Hooks that run, and orphans. */
unsigned crew_running(const struct crew *crew);
/* From when on it may begin one more. */
uint64_t crew_ready_ns(const struct crew *crew);
/* Begins the hook of a claim. If that fails it settles, suspends or gives back the claim. */
void crew_begin(struct crew *crew, struct claim *claim, uint64_t mono_ns, int64_t wall_ns);

/* What to poll for: fills up to CREW_POLLED_MAX. */
nfds_t crew_wants(const struct crew *crew, struct pollfd *polled);
/* Reads output, stops hooks at their timeouts, settles those that are over. `look`: a child may
 * have ended. true: something was settled. */
bool crew_step(struct crew *crew, bool look, uint64_t mono_ns, int64_t wall_ns);
/* When crew_step has something new though nothing happened; UINT64_MAX: never. */
uint64_t crew_next_ns(const struct crew *crew);

#endif
