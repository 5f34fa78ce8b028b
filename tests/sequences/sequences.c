/* SPDX-License-Identifier: MIT
 * sequences - all sequences of up to four operations on a spool: is what was promised kept?
 *
 *     sequences                          all of up to four operations
 *     sequences --length 5               ... of up to five
 *     sequences deliver kill run         this one
 *
 * After each operation, and by a fresh process at the end, everything is compared with what was
 * promised and with the model of the queue. One that fails prints its line, which repeats it.
 *
 *   deliver  the gateway gets a new delivery
 *   again    the sender tries the last one again; the first one was quarantined before all begins
 *   kill     all processes are killed in the middle of the next operation
 *   full     the disk is full from the middle of the next operation on, until that is over
 *   rotate   the live segment is closed
 *   prune    four days later: retention, which keeps three
 *   run      the runner runs what is due; every other hook fails in its first attempt
 *   replay   the last event on record is to run again
 *   accept   the quarantine becomes events; if it is empty it gets a delivery first
 *   boot     the machine starts again, without its index
 *
 * What "the middle" is follows from the sequence: another place in each, the same each time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "../tools/child_end.h"
#include "base/clock.h"
#include "base/num.h"
#include "life.h"

/* Below a sanitizer, which takes many times as long, one less. */
#ifdef __SANITIZE_ADDRESS__
#define LENGTH 3
#else
#define LENGTH 4
#endif
#define LENGTH_MAX 8
#define BAD_MAX 20
#define CHANGES 32
#define CHANGES_FEW 10

enum operation { DELIVER, AGAIN, KILL, FULL, ROTATE, PRUNE, RUN, REPLAY, ACCEPT, BOOT, OPERATIONS };

static const char *const names[OPERATIONS] = {"deliver", "again", "kill",   "full",   "rotate",
                                              "prune",   "run",   "replay", "accept", "boot"};

struct sequence {
    enum operation operations[LENGTH_MAX];
    unsigned length;
};

static void print_sequence(const struct sequence *s)
{
    for (unsigned i = 0; i < s->length; i++)
        printf(" %s", names[s->operations[i]]);
}

/* ---- disasters */

static uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 29;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ x >> 32;
}

static uint64_t number_of(const struct sequence *s, unsigned from, unsigned to)
{
    uint64_t number = 1;

    for (unsigned i = from; i < to; i++)
        number = number * OPERATIONS + s->operations[i];
    return number;
}

/* Which change is the middle of the operation that meets the disaster. What follows that operation
 * goes round all middles: most have four to eight changes, but a recovery has thirty. */
static unsigned middle(const struct sequence *s, unsigned at)
{
    unsigned met = at;
    uint64_t before, after;

    while (met < s->length && (s->operations[met] == KILL || s->operations[met] == FULL))
        met++;
    if (met == s->length)
        return 1;
    before = mix(number_of(s, 0, met + 1) * LENGTH_MAX + at) >> 32;
    after = number_of(s, met + 1, s->length);
    return (unsigned)(1 + (before + after) % (s->length - met > 2 ? CHANGES : CHANGES_FEW));
}

static void add_disaster(struct disaster *d, const struct sequence *s, unsigned at)
{
    if (s->operations[at] == KILL)
        d->kill_at = middle(s, at);
    else
        d->full_at = middle(s, at);
}

/* ---- operations */

static unsigned next_delivery(void)
{
    return life->count++;
}

static void do_it(enum operation operation, unsigned number, bool calm)
{
    switch ((int)operation) {
    case DELIVER:
    case AGAIN:
        deed_deliver(number, calm);
        break;
    case ROTATE:
        deed_rotate(calm);
        break;
    case PRUNE:
        deed_prune(calm);
        break;
    case RUN:
        hooks_run(calm);
        break;
    case REPLAY:
        deed_replay(calm);
        break;
    case ACCEPT:
        deed_accept(calm);
        break;
    default: /* a boot does nothing but end all */
        break;
    }
}

/* Makes what the operation is about; nothing goes wrong with that. */
static unsigned prepare(enum operation operation)
{
    bool boxed = false;

    for (unsigned i = 0; i < life->count; i++)
        boxed = boxed || life->deliveries[i].boxed;
    if (operation == ACCEPT && !boxed && life_open())
        deed_quarantine();
    if (operation == PRUNE)
        world->now_ns += PRUNE_STEP_S * NS_PER_S;
    return operation == DELIVER ? next_delivery() : life->last;
}

/* It dies at its end at the latest. */
static void do_and_die(enum operation operation, unsigned number, const struct disaster *disaster)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        world_arm(disaster);
        do_it(operation, number, false);
        child_end(0);
    }
    status = child_status(pid);
    tally->killed += status == WORLD_DIED;
    if (status != WORLD_DIED && status != 0)
        complain("a process ended otherwise than by its kill");
    life_drop();
}

static void operate(enum operation operation, const struct disaster *disaster)
{
    bool calm = disaster->kill_at == 0 && disaster->full_at == 0;
    unsigned number;

    world->now_ns += STEP_S * NS_PER_S;
    if (calm)
        hooks_idle();
    number = prepare(operation);
    if (disaster->kill_at != 0) {
        do_and_die(operation, number, disaster);
    } else {
        world_arm(disaster);
        do_it(operation, number, calm);
        (void)world_disarm();
    }
    if (operation == BOOT)
        life_boot();
    look_around(operation == PRUNE, calm);
}

/* Returns whether all was as promised. */
static bool try_sequence(const struct sequence *s)
{
    struct disaster disaster = {.kill_at = 0};

    life_begin();
    for (unsigned i = 0; i < s->length && !life->bad; i++) {
        if (s->operations[i] == KILL || s->operations[i] == FULL) {
            add_disaster(&disaster, s, i);
            continue;
        }
        operate(s->operations[i], &disaster);
        disaster = (struct disaster){.kill_at = 0};
    }
    if (!life->bad) {
        disaster.kill_at = 0;
        look_finally(&disaster);
    }
    life_end();
    if (!life->bad)
        return true;
    printf("tests/sequences/sequences");
    print_sequence(s);
    printf("\n    %s\n", life->complaint);
    (void)fflush(stdout);
    return false;
}

/* ---- which */

static bool next_sequence(struct sequence *s, unsigned most)
{
    unsigned at = s->length;

    while (at > 0 && s->operations[at - 1] == BOOT)
        s->operations[--at] = DELIVER;
    if (at > 0)
        s->operations[at - 1]++;
    else
        s->operations[s->length++] = DELIVER;
    return s->length <= most;
}

static int try_all(unsigned most)
{
    struct sequence s = {.length = 0};
    uint64_t count = 0, bad = 0;

    while (bad < BAD_MAX && next_sequence(&s, most)) {
        count++;
        bad += !try_sequence(&s);
    }
    printf("%" PRIu64 " sequences of up to %u operations, %" PRIu64 " kills, %" PRIu64
           " refusals, %" PRIu64 " bad\n",
           count, most, tally->killed, tally->refused, bad);
    return bad == 0 ? 0 : 1;
}

static bool parse_sequence(struct sequence *s, int count, char **words)
{
    if (count > LENGTH_MAX)
        return false;
    *s = (struct sequence){.length = (unsigned)count};
    for (int i = 0; i < count; i++) {
        unsigned operation = 0;

        while (operation < OPERATIONS && strcmp(words[i], names[operation]) != 0)
            operation++;
        if (operation == OPERATIONS)
            return false;
        s->operations[i] = (enum operation)operation;
    }
    return true;
}

static bool make_folder(char *out, size_t len)
{
    const char *where = getenv("TMPDIR");

    if (access("/dev/shm", W_OK | X_OK) == 0)
        where = "/dev/shm";
    snprintf(out, len, "%s/stenohook-sequences-XXXXXX", where == NULL ? "/tmp" : where);
    return mkdtemp(out) != NULL;
}

int main(int argc, char **argv)
{
    uint64_t most = LENGTH;
    struct sequence one;
    bool all = argc == 1;
    char folder[200];
    int status;

    if (argc == 3 && strcmp(argv[1], "--length") == 0)
        all = num_u64(str_of(argv[2]), &most) && most > 0 && most < LENGTH_MAX;
    if (!all && !parse_sequence(&one, argc - 1, argv + 1)) {
        fprintf(stderr, "usage: sequences [--length N | OPERATION ...]\noperations:");
        for (unsigned i = 0; i < OPERATIONS; i++)
            fprintf(stderr, " %s", names[i]);
        fprintf(stderr, "\n");
        return 2;
    }
    if (!make_folder(folder, sizeof folder) || !life_prepare(folder)) {
        perror("sequences");
        return 3;
    }
    status = all ? try_all((unsigned)most) : !try_sequence(&one);
    world_remove(folder);
    return status;
}
