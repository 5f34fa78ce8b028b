/* SPDX-License-Identifier: MIT
 * storm - kills writers of a journal at random: `storm DIR WORKERS SECONDS`.
 *
 * WORKERS processes append to the spool DIR/spool through the real journal, one to three threads
 * each; keys are partly their own, partly contested by all. All that they do is in DIR/history, in
 * the format of tests/history. A killed worker is started again, and first repeats the append of
 * its predecessor that had no receipt. Now and then all are killed, and the state is made that of
 * another boot, or the index is removed.
 *
 * The history is judged by tests/history/check, as in tests/storm.
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
#include "base/mac.h"
#include "base/num.h"
#include "core/event_parts.h"
#include "core/record.h"
#include "store/intake.h"
#include "store/journal/hints.h"
#include "store/journal/index.h"
#include "store/journal/journal.h"
#include "store/spool/spool.h"

#define THREADS_MAX 3
#define DEADLINE_NS UINT64_C(5000000000)
#define MS_NS UINT64_C(1000000)
#define PAUSE_MAX_MS 15 /* between two kills */
#define REBOOT_EVERY 60 /* kills */
#define KEY_LEN_MAX 64
#define LINE_LEN_MAX 512
#define HISTORY "history"
#define TRY "{\"kind\":\"try\","
#define EVENT "\"event\":\""
#define CONTEST_NS (5 * MS_NS)

static const struct journal_options options = {.segment_max = 64 * 1024, .begin = intake_begin};
static struct spool spool;
static int dir, notes;

/* ---- a worker */

struct thread {
    pthread_t thread;
    struct journal_group *group;
    unsigned worker, number;
    uint64_t incarnation;
    int log;
    char unanswered[KEY_LEN_MAX];
};

static void die(const char *what)
{
    fprintf(stderr, "storm: %s: %s\n", what, strerror(errno));
    _exit(3);
}

static void write_line(int fd, const char *line, int len)
{
    if (len < 0 || len >= LINE_LEN_MAX || file_write_once(fd, line, (size_t)len) != len)
        die("cannot write a log");
}

/* Before the append, and after it: what it is of, then its outcome. */
static void log_try(const struct thread *t, const char *about)
{
    char line[LINE_LEN_MAX];

    write_line(t->log, line, snprintf(line, sizeof line, TRY "%s}\n", about));
}

static void log_outcome(const struct thread *t, const char *about, const struct receipt *receipt)
{
    char line[LINE_LEN_MAX];
    int len = snprintf(line, sizeof line, "{\"kind\":\"attempt\",%s,\"to\":%" PRIu64, about,
                       clock_mono_ns());

    if (receipt == NULL)
        len += snprintf(line + len, sizeof line - (size_t)len, ",\"status\":503}\n");
    else
        len += snprintf(line + len, sizeof line - (size_t)len,
                        ",\"status\":200,\"says\":\"%s\",\"id\":\"%s\"}\n",
                        receipt_duplicate(receipt) ? "duplicate" : "recorded", receipt_id(receipt));
    write_line(t->log, line, len);
}

static enum status make_line(struct record_line *line, const char *key, struct str body,
                             struct err *err)
{
    static const char *const hooks[] = {CONFIG_HOOK_DEFAULT};
    struct event_facts event = {.about.kind = EVENT_TRANSCRIPT,
                                .received_ns = clock_wall_ns(),
                                .endpoint = "storm",
                                .remote_addr = STR("127.0.0.1"),
                                .query = STR("a=1"),
                                .body = body,
                                .hooks = hooks,
                                .hook_count = 1,
                                .about.utf8 = true};

    snprintf(event.key, sizeof event.key, "%s", key);
    return record_print(line, &(struct event){.facts = event}, 8192, err);
}

static void append(struct journal *journal, const struct thread *t, const char *key)
{
    char about[LINE_LEN_MAX / 2], body[2 * KEY_LEN_MAX], digest[2 * MAC_SHA256_LEN + 1];
    const struct receipt *receipt = NULL;
    struct err err = ERR_INIT;
    struct record_line line;
    enum status status;

    snprintf(body, sizeof body, "{\"transcript_id\":\"%s\",\"status\":\"completed\"}", key);
    mac_sha256_hex(&(struct str){body, strlen(body)}, 1, digest);
    if (make_line(&line, key, str_of(body), &err) != STATUS_OK)
        die(err.text);
    snprintf(about, sizeof about,
             "\"sender\":\"%u-%u\"," EVENT "%s\",\"body\":\"%s\",\"from\":%" PRIu64, t->worker,
             t->number, key, digest, clock_mono_ns());
    log_try(t, about);
    status = journal_append(journal, str_of(key), &line, clock_wall_ns(),
                            clock_mono_ns() + DEADLINE_NS, &receipt, &err);
    if (status != STATUS_OK)
        fprintf(stderr, "storm: refused (%s): %s\n", status_name(status), err.text);
    log_outcome(t, about, status == STATUS_OK ? receipt : NULL);
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
            snprintf(key, sizeof key, "storm contest %" PRIu64, clock_mono_ns() / CONTEST_NS);
        else
            snprintf(key, sizeof key, "storm own %u-%u-%" PRIx64 "-%" PRIu64, t->worker, t->number,
                     t->incarnation, i);
        append(journal, t, key);
        if (i % 16 == 0 && journal_rebuild_slice(journal, clock_mono_ns() + DEADLINE_NS, &more,
                                                 &err) != STATUS_OK) {
            fprintf(stderr, "storm: housekeeping: %s\n", err.text);
            err_clear(&err);
        }
    }
    return NULL;
}

/* A kill can cut off a line: then the next one begins after a newline of its own. */
static int open_log(const char *name)
{
    char last = '\n';
    struct stat sb;
    int fd = file_open(dir, name, O_RDWR | O_CREAT | O_APPEND, 0600);

    if (fd < 0 || fstat(fd, &sb) != 0)
        die(name);
    if (sb.st_size > 0 && file_pread(fd, &last, 1, sb.st_size - 1) != 1)
        die(name);
    if (last != '\n' && file_write_once(fd, "\n", 1) != 1)
        die(name);
    return fd;
}

/* The last whole line of a log, if it is of an append that has no outcome yet. */
static void set_unanswered(struct thread *t)
{
    char tail[2 * LINE_LEN_MAX];
    struct stat sb;
    off_t from;
    ssize_t got;
    char *line, *key;

    if (fstat(t->log, &sb) != 0)
        die("fstat");
    from = sb.st_size > (off_t)sizeof tail - 1 ? sb.st_size - (off_t)sizeof tail + 1 : 0;
    got = file_pread(t->log, tail, (size_t)(sb.st_size - from), from);
    tail[got > 0 ? got : 0] = '\0';
    if (got < 2)
        return;
    tail[got - 1] = '\0';
    line = strrchr(tail, '\n');
    line = line == NULL ? tail : line + 1;
    key = strstr(line, EVENT);
    if (strncmp(line, TRY, strlen(TRY)) == 0 && tail[got - 2] == '}' && key != NULL) {
        key += strlen(EVENT);
        snprintf(t->unanswered, sizeof t->unanswered, "%.*s", (int)strcspn(key, "\""), key);
    }
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
        char name[64];

        t->group = group;
        t->worker = worker;
        t->number = i;
        t->incarnation = clock_mono_ns();
        snprintf(name, sizeof name, HISTORY "/%u-%u.jsonl", worker, i);
        t->log = open_log(name);
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

static void log_note(const char *what, uint64_t from)
{
    char line[LINE_LEN_MAX];

    write_line(notes, line,
               snprintf(line, sizeof line, "{%s,\"from\":%" PRIu64 ",\"to\":%" PRIu64 "}\n", what,
                        from, clock_mono_ns()));
}

static void stop(pid_t pid)
{
    uint64_t from = clock_mono_ns();
    char what[64];
    int status;

    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFSIGNALED(status)) {
        fprintf(stderr, "storm: a worker ended without a kill\n");
        exit(3);
    }
    snprintf(what, sizeof what, "\"kind\":\"kill\",\"what\":\"sender\",\"pid\":%ld", (long)pid);
    log_note(what, from);
}

/* Without workers: does to the hints what a power cut does. */
static void disturb(unsigned how)
{
    struct journal_state state;
    int fd;

    log_note("\"kind\":\"boot\"", clock_mono_ns());
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

static void run(unsigned workers, uint64_t seconds)
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
        disturb((unsigned)rand() % 3);
        for (unsigned i = 0; i < workers; i++)
            pids[i] = start(i);
    }
    for (unsigned i = 0; i < workers; i++)
        stop(pids[i]);
    free(pids);
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    uint64_t workers, seconds;
    char path[4096];

    if (argc != 4 || !num_u64(str_of(argv[2]), &workers) || workers < 1 || workers > 64 ||
        !num_u64(str_of(argv[3]), &seconds)) {
        fprintf(stderr, "usage: storm DIR WORKERS SECONDS\n");
        return 2;
    }
    srand((unsigned)clock_wall_ns());
    dir = file_open(AT_FDCWD, argv[1], O_RDONLY | O_DIRECTORY, 0);
    if (dir < 0 || realpath(argv[1], path) == NULL || mkdirat(dir, HISTORY, 0700) != 0)
        die(argv[1]);
    notes = open_log(HISTORY "/storm.jsonl");
    snprintf(path + strlen(path), sizeof path - strlen(path), "/spool");
    if (spool_create(path, &err) != STATUS_OK || spool_open(&spool, path, &err) != STATUS_OK) {
        fprintf(stderr, "storm: %s\n", err.text);
        return 3;
    }
    run((unsigned)workers, seconds);
    spool_close(&spool);
    return 0;
}
