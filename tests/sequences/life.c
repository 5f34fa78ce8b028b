/* SPDX-License-Identifier: MIT
 * life - see life.h.
 */
#include "life.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/clock.h"
#include "store/intake.h"

#define DAY_S 86400

struct life *life;
struct tally *tally;
struct open live;
const struct config *life_config;
struct journal_options life_options;

static char spool_path[256];

void complain(const char *format, ...)
{
    va_list args;

    if (life->bad)
        return;
    life->bad = true;
    va_start(args, format);
    vsnprintf(life->complaint, sizeof life->complaint, format, args);
    va_end(args);
}

/* Files get their times from the machine's clock, so ours begins on the same day, and far from its
 * ends: a new day would begin a segment. */
static int64_t first_ns(void)
{
    return ((int64_t)time(NULL) / DAY_S * DAY_S + DAY_S / 2) * NS_PER_S;
}

static void *share(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

bool life_prepare(const char *root)
{
    struct err err = ERR_INIT;
    struct config *config;
    char text[1024];

    snprintf(spool_path, sizeof spool_path, "%s/spool", root);
    snprintf(text, sizeof text,
             "spool = \"%s\"\nkeep = \"3d\"\nfree-space-min = \"64K\"\n"
             "endpoint calls {\n  auth-header = \"X-Webhook-Secret\"\n"
             "  secret-files = {\"/secret\"}\n  hook = {\"/bin/true\"}\n}\n",
             spool_path);
    world = share(sizeof *world);
    life = share(sizeof *life);
    tally = share(sizeof *tally);
    if (world == NULL || life == NULL || tally == NULL)
        return false;
    if (config_parse(&config, "sequences", str_of(text), &err) != STATUS_OK) {
        fprintf(stderr, "sequences: %s\n", err.text);
        return false;
    }
    life_config = config;
    life_options = intake_options(config);
    return true;
}

bool life_open(void)
{
    struct err err = ERR_INIT;

    if (live.spooled)
        return true;
    if (spool_open(&live.spool, spool_path, &err) != STATUS_OK) {
        complain("the spool cannot be opened: %s", err.text);
        return false;
    }
    return live.spooled = true;
}

void life_drop(void)
{
    journal_close(live.journal);
    queue_close(live.queue);
    if (live.spooled)
        spool_close(&live.spool);
    live = (struct open){.journal = NULL};
}

void life_boot(void)
{
    char index[sizeof spool_path + 8];

    life_drop();
    world->boot++;
    snprintf(index, sizeof index, "%s/idx", spool_path);
    world_empty(index);
}

void life_begin(void)
{
    struct err err = ERR_INIT;

    memset(life, 0, sizeof *life);
    *world = (struct world){.now_ns = first_ns()};
    if (spool_create(spool_path, &err) != STATUS_OK)
        complain("the spool cannot be made: %s", err.text);
    else if (life_open())
        deed_quarantine();
}

void life_end(void)
{
    life_drop();
    world_remove(spool_path);
}
