/* SPDX-License-Identifier: MIT
 * storm - kills writers of a journal at random and checks what is left: `storm DIR WORKERS
 * SECONDS`.
 *
 * WORKERS processes append to the spool DIR/spool through the real journal, one to three threads
 * each; keys are partly their own, partly contested by all. Before each append the key goes to
 * DIR/tried.*, after its receipt to DIR/acked.*. A killed worker is started again, and first
 * repeats the appends of its predecessor that had no receipt. Now and then all are killed, and the
 * state is made that of another boot, or the index is removed.
 *
 * At the end each acknowledged key must be on record exactly once, at the place that its receipt
 * named, and no key twice. Prints "N kills, N acked, N lost, N twice"; exit status 1 unless both
 * are 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "core/event_parts.h"
#include "core/record.h"
#include "store/intake.h"
#include "store/journal/hints.h"
#include "store/journal/index.h"
#include "store/journal/journal.h"
#include "store/spool/spool.h"
#include "storm_check.h"

#define THREADS_MAX 3
#define DEADLINE_NS UINT64_C(5000000000)
#define MS_NS UINT64_C(1000000)
#define PAUSE_MAX_MS 15 /* between two kills */
#define REBOOT_EVERY 60 /* kills */
#define KEY_LEN_MAX 64
#define CONTEST_NS (5 * MS_NS)

static const struct journal_options options = {.segment_max = 64 * 1024, .begin = intake_begin};
static struct spool spool;
static int dir;

/* ---- a worker */

struct thread {
    pthread_t thread;
    struct journal_group *group;
    unsigned worker, number;
    uint64_t incarnation;
    int tried, acked;
    char unanswered[KEY_LEN_MAX];
};

static void die(const char *what)
{
    fprintf(stderr, "storm: %s: %s\n", what, strerror(errno));
    _exit(3);
}

static void note(int fd, const char *id, const char *key)
{
    char line[KEY_LEN_MAX + RECORD_ID_MAX + 2];
    int len = snprintf(line, sizeof line, "%s%s%s\n", id, id[0] == '\0' ? "" : " ", key);

    if (file_write_once(fd, line, (size_t)len) != len)
        die("cannot write a log");
}

static enum status make_line(struct record_line *line, const char *key, struct err *err)
{
    static const char *const hooks[] = {CONFIG_HOOK_DEFAULT};
    static const char body[] = "{\"transcript_id\":\"storm\",\"status\":\"completed\"}";
    struct event_facts event = {.about.kind = EVENT_TRANSCRIPT,
                                .received_ns = clock_wall_ns(),
                                .endpoint = "storm",
                                .remote_addr = STR("127.0.0.1"),
                                .query = STR("a=1"),
                                .body = {body, sizeof body - 1},
                                .hooks = hooks,
                                .hook_count = 1,
                                .about.utf8 = true};

    snprintf(event.key, sizeof event.key, "%s", key);
    return record_print(line, &(struct event){.facts = event}, 8192, err);
}

static void append(struct journal *journal, const struct thread *t, const char *key)
{
    const struct receipt *receipt;
    struct err err = ERR_INIT;
    struct record_line line;
    enum status status;

    note(t->tried, "", key);
    if (make_line(&line, key, &err) != STATUS_OK)
        die(err.text);
    status = journal_append(journal, str_of(key), &line, clock_wall_ns(),
                            clock_mono_ns() + DEADLINE_NS, &receipt, &err);
    if (status == STATUS_OK)
        note(t->acked, receipt_id(receipt), key);
    else
        fprintf(stderr, "storm: refused (%s): %s\n", status_name(status), err.text);
    record_line_free(&line);
}

static void *thread_main(void *context)
{
    const struct thread *t = context;
    struct journal *journal = NULL;
    struct err err = ERR_INIT;
    bool more;

    if (journal_open(&journal, &spool, t->group, &options, &err) != STATUS_OK)
        die(err.text);
    if (t->unanswered[0] != '\0')
        append(journal, t, t->unanswered);
    for (uint64_t i = 0;; i++) {
        char key[KEY_LEN_MAX];

        if (i % 4 == 0)
            snprintf(key, sizeof key, "storm contest %" PRIu64 STORM_KEY_END,
                     clock_mono_ns() / CONTEST_NS);
        else
            snprintf(key, sizeof key, "storm own %u-%u-%" PRIx64 "-%" PRIu64 STORM_KEY_END,
                     t->worker, t->number, t->incarnation, i);
        append(journal, t, key);
        if (i % 16 == 0 && journal_rebuild_slice(journal, clock_mono_ns() + DEADLINE_NS, &more,
                                                 &err) != STATUS_OK) {
            fprintf(stderr, "storm: housekeeping: %s\n", err.text);
            err_clear(&err);
        }
    }
    return NULL;
}

/* A kill can cut off a line of a log at the end of a page: then the next one begins after a newline
 * of its own, and the check passes over what does not end as keys do. */
static int open_log(const char *name, unsigned worker, unsigned number)
{
    char file[64], last = '\n';
    struct stat sb;
    int fd;

    snprintf(file, sizeof file, "%s.%u-%u", name, worker, number);
    fd = file_open(dir, file, O_RDWR | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || fstat(fd, &sb) != 0)
        die(file);
    if (sb.st_size > 0 && file_pread(fd, &last, 1, sb.st_size - 1) != 1)
        die(file);
    if (last != '\n' && file_write_once(fd, "\n", 1) != 1)
        die(file);
    return fd;
}

/* The last line of a log, or "" if it has none. */
static void last_line(int fd, char out[KEY_LEN_MAX + RECORD_ID_MAX])
{
    char tail[512];
    struct stat sb;
    off_t from;
    ssize_t got;
    size_t end, begin;

    out[0] = '\0';
    if (fstat(fd, &sb) != 0 || sb.st_size == 0)
        return;
    from = sb.st_size > (off_t)sizeof tail ? sb.st_size - (off_t)sizeof tail : 0;
    got = file_pread(fd, tail, sizeof tail, from);
    if (got < 2)
        return;
    end = (size_t)got - 1;
    for (begin = end; begin > 0 && tail[begin - 1] != '\n'; begin--)
        ;
    snprintf(out, KEY_LEN_MAX + RECORD_ID_MAX, "%.*s", (int)(end - begin), tail + begin);
}

static void set_unanswered(struct thread *t)
{
    char tried[KEY_LEN_MAX + RECORD_ID_MAX], acked[KEY_LEN_MAX + RECORD_ID_MAX];
    const char *key;

    last_line(t->tried, tried);
    last_line(t->acked, acked);
    key = strchr(acked, ' ');
    if (key == NULL || strcmp(key + 1, tried) != 0)
        snprintf(t->unanswered, sizeof t->unanswered, "%.*s", KEY_LEN_MAX - 1, tried);
}

static void worker_main(unsigned worker)
{
    unsigned count = 1 + worker % THREADS_MAX;
    struct thread threads[THREADS_MAX] = {0};
    struct journal_group *group = NULL;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (count > 1 && journal_group_make(&group, NULL) != STATUS_OK)
        die("cannot make a group");
    for (unsigned i = 0; i < count; i++) {
        struct thread *t = &threads[i];

        t->group = group;
        t->worker = worker;
        t->number = i;
        t->incarnation = clock_mono_ns();
        t->tried = open_log("tried", worker, i);
        t->acked = open_log("acked", worker, i);
        set_unanswered(t);
        if (pthread_create(&t->thread, NULL, thread_main, t) != 0)
            die("cannot start a thread");
    }
    pthread_join(threads[0].thread, NULL);
    _exit(3);
}

/* ---- the storm */

static pid_t start(unsigned worker)
{
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid == 0)
        worker_main(worker);
    return pid;
}

static void stop(pid_t pid)
{
    int status;

    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFSIGNALED(status)) {
        fprintf(stderr, "storm: a worker ended without a kill\n");
        exit(3);
    }
}

/* Without workers: does to the hints what a power cut does. */
static void disturb(unsigned how)
{
    struct journal_state state;
    int fd;

    if (how == 0) {
        (void)unlinkat(spool.idx, "00.idx", 0);
        return;
    }
    fd = file_open(spool.dir, SPOOL_STATE, O_RDWR, 0);
    if (fd >= 0 && journal_state_read(fd, &state)) {
        snprintf(state.boot, sizeof state.boot, "another boot");
        (void)!journal_state_write(fd, &state, NULL);
    }
    file_close(&fd);
}

static uint64_t run(unsigned workers, uint64_t seconds)
{
    uint64_t until = clock_mono_ns() + seconds * NS_PER_S, kills = 0;
    pid_t *pids = calloc(workers, sizeof *pids);

    if (pids == NULL)
        die("memory");
    for (unsigned i = 0; i < workers; i++)
        pids[i] = start(i);
    while (clock_mono_ns() < until) {
        unsigned victim = (unsigned)rand() % workers;

        clock_sleep_ns((uint64_t)rand() % (PAUSE_MAX_MS * MS_NS));
        if (++kills % REBOOT_EVERY != 0) {
            stop(pids[victim]);
            pids[victim] = start(victim);
            continue;
        }
        for (unsigned i = 0; i < workers; i++)
            stop(pids[i]);
        kills += workers - 1;
        disturb((unsigned)rand() % 3);
        for (unsigned i = 0; i < workers; i++)
            pids[i] = start(i);
    }
    for (unsigned i = 0; i < workers; i++)
        stop(pids[i]);
    free(pids);
    return kills + workers;
}

int main(int argc, char **argv)
{
    struct storm_found found;
    struct err err = ERR_INIT;
    uint64_t workers, seconds, kills;
    char path[4096];

    if (argc != 4 || !num_u64(str_of(argv[2]), &workers) || workers < 1 || workers > 64 ||
        !num_u64(str_of(argv[3]), &seconds)) {
        fprintf(stderr, "usage: storm DIR WORKERS SECONDS\n");
        return 2;
    }
    srand((unsigned)clock_wall_ns());
    dir = file_open(AT_FDCWD, argv[1], O_RDONLY | O_DIRECTORY, 0);
    if (dir < 0 || realpath(argv[1], path) == NULL)
        die(argv[1]);
    snprintf(path + strlen(path), sizeof path - strlen(path), "/spool");
    if (spool_create(path, &err) != STATUS_OK || spool_open(&spool, path, &err) != STATUS_OK) {
        fprintf(stderr, "storm: %s\n", err.text);
        return 3;
    }
    kills = run((unsigned)workers, seconds);
    if (!storm_check(dir, &spool, &found)) {
        fprintf(stderr, "storm: cannot check\n");
        return 3;
    }
    printf("%" PRIu64 " kills, %zu acked, %zu lost, %zu twice\n", kills, found.acked, found.lost,
           found.twice);
    spool_close(&spool);
    close(dir);
    return found.lost == 0 && found.twice == 0 && found.acked > 0 ? 0 : 1;
}
