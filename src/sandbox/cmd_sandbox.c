/* SPDX-License-Identifier: MIT
 * cmd_sandbox - see sandbox/cmd_sandbox.h.
 */
#include "sandbox/cmd_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/program.h"
#include "cli/print.h"
#include "cli/values.h"
#include "sandbox/lighttpd.h"
#include "sandbox/lighttpd_config.h"
#include "sandbox/sandbox_setup.h"

#define START_NS (15 * NS_PER_S)
#define LOOK_NS (20 * NS_PER_MS)
#define REMOVE_DEPTH 16
#define TEXT_MAX ((size_t)16 * 1024)

enum { SANDBOX_PORT = OPTIONS_LONG, SANDBOX_DIR, SANDBOX_KEY, SANDBOX_DELAY };

const struct options_row cmd_sandbox_options[] = {
    {SANDBOX_PORT, "port", "N", NULL, "the port on 127.0.0.1 (default: one that is free)"},
    {SANDBOX_DIR, "dir", "DIR", NULL,
     "keep transcripts, uploads and the key there (default: they are removed)"},
    {SANDBOX_KEY, "key-file", "FILE", NULL, "the file with the API's key (default: one is made)"},
    {SANDBOX_DELAY, "delay", "TIME", NULL, "how long a transcript takes (default: 3s)"},
    {0, NULL, NULL, NULL, NULL},
};

struct stand_in {
    uint64_t port;
    const char *dir;
    const char *key_file;
    bool has_delay;
    uint64_t delay_ms;

    char program[PATH_MAX];
    char folder[PATH_MAX]; /* of the state */
    char key[PATH_MAX];
    char own[PATH_MAX]; /* what is removed at the end, or "" */
    char config[PATH_MAX];
    pid_t pid; /* of lighttpd, and of its process group; 0: none */
};

static enum status take_option(struct stand_in *s, int option, struct err *err)
{
    switch (option) {
    case SANDBOX_PORT:
        return value_number(&s->port, "--port", optarg, 1, 65535, err);
    case SANDBOX_DIR:
        s->dir = optarg;
        return STATUS_OK;
    case SANDBOX_KEY:
        s->key_file = optarg;
        return STATUS_OK;
    default:
        s->has_delay = true;
        return value_duration(&s->delay_ms, "--delay", optarg, err);
    }
}

static enum status parse_options(struct stand_in *s, int argc, char **argv, struct err *err)
{
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_sandbox_options, argc, argv, &status, err)) != -1) {
        if (c != '?')
            status = take_option(s, c, err);
        if (status != STATUS_OK)
            return status;
    }
    return options_operands(argc, argv, 0, 0, err);
}

/* ---- preparation */

static enum status make_own_folder(struct stand_in *s, struct err *err)
{
    const char *base = getenv("TMPDIR");
    char path[PATH_MAX];

    if (base == NULL || base[0] != '/')
        base = "/tmp";
    if ((size_t)snprintf(path, sizeof path, "%s/stenohook-sandbox-XXXXXX", base) >= sizeof path ||
        mkdtemp(path) == NULL)
        return err_errno(err, "cannot make a folder in %s", base);
    memcpy(s->own, path, sizeof path);
    return STATUS_OK;
}

/* The server starts in another folder. */
static enum status whole_path(char out[PATH_MAX], const char *path, struct err *err)
{
    if (realpath(path, out) == NULL)
        return err_errno(err, "cannot find %s", path);
    return STATUS_OK;
}

static enum status find_state(struct stand_in *s, struct err *err)
{
    enum status status;

    if (s->dir == NULL) {
        (void)snprintf(s->folder, sizeof s->folder, "%.*s/state", PATH_MAX - 32, s->own);
        if (mkdir(s->folder, 0700) < 0)
            return err_errno(err, "cannot make the folder %s", s->folder);
    } else {
        if (mkdir(s->dir, 0700) < 0 && errno != EEXIST)
            return err_errno(err, "cannot make the folder %s", s->dir);
        status = whole_path(s->folder, s->dir, err);
        if (status != STATUS_OK)
            return status;
    }
    if (s->key_file != NULL)
        return whole_path(s->key, s->key_file, err);
    (void)snprintf(s->key, sizeof s->key, "%.*s/" SANDBOX_KEY_FILE, PATH_MAX - 8, s->folder);
    return STATUS_OK;
}

static enum status write_config(struct stand_in *s, struct err *err)
{
    const struct lighttpd_config config = {s->program, s->folder, s->own, (uint16_t)s->port};
    enum status status;
    struct buf text;
    int fd = -1;

    buf_init(&text, LIGHTTPD_CONFIG_MAX);
    (void)snprintf(s->config, sizeof s->config, "%.*s/lighttpd.conf", PATH_MAX - 32, s->own);
    status = lighttpd_config_print(&text, &config, err);
    if (status == STATUS_OK) {
        fd = file_open(AT_FDCWD, s->config, O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (fd < 0 || file_write(fd, text.ptr, text.len) < 0)
            status = err_errno(err, "cannot write %s", s->config);
    }
    file_close(&fd);
    buf_free(&text);
    return status;
}

static enum status set_environment(const struct stand_in *s, struct err *err)
{
    char number[32];

    (void)snprintf(number, sizeof number, "%" PRIu64, s->delay_ms);
    if ((s->key_file != NULL && setenv(SANDBOX_PREFIX "KEY_FILE", s->key, 1) < 0) ||
        (s->has_delay && setenv(SANDBOX_PREFIX "DELAY_MS", number, 1) < 0))
        return err_set(err, STATUS_MEMORY, "no memory for the environment");
    return STATUS_OK;
}

static enum status prepare_server(struct stand_in *s, struct err *err)
{
    enum status status;

    if (!program_self(s->program))
        return err_errno(err, "cannot find the path of this program");
    status = make_own_folder(s, err);
    if (status == STATUS_OK)
        status = find_state(s, err);
    if (status == STATUS_OK && s->port == 0)
        status = lighttpd_find_port(&s->port, err);
    if (status == STATUS_OK)
        status = write_config(s, err);
    return status == STATUS_OK ? set_environment(s, err) : status;
}

/* ---- the server */

static enum status server_failed(const struct stand_in *s, struct err *err)
{
    char path[PATH_MAX];
    struct buf log;

    buf_init(&log, TEXT_MAX);
    (void)snprintf(path, sizeof path, "%.*s/lighttpd.log", PATH_MAX - 32, s->own);
    if (file_slurp(AT_FDCWD, path, &log) == 0 && log.len > 0)
        print_hint("%s", log.ptr);
    buf_free(&log);
    return err_set(err, STATUS_IO, "lighttpd ended: is port %" PRIu64 " in use?", s->port);
}

static enum status wait_for_start(const struct stand_in *s, struct err *err)
{
    uint64_t end = clock_mono_ns() + START_NS;

    while (!lighttpd_answers(s->port) || access(s->key, R_OK) < 0) {
        if (lighttpd_ended(s->pid))
            return server_failed(s, err);
        if (clock_mono_ns() > end)
            return err_set(err, STATUS_DEADLINE, "the sandbox has not started in time");
        clock_sleep_ns(LOOK_NS);
    }
    /* Another server may answer while ours has not reported yet that the port is in use. */
    return lighttpd_ended(s->pid) ? server_failed(s, err) : STATUS_OK;
}

/* ---- the verb */

static enum status print_address(const struct stand_in *s, struct err *err)
{
    enum status status;
    struct buf b;

    buf_init(&b, TEXT_MAX + 4 * PATH_MAX);
    buf_printf(&b, "AssemblyAI's API, made up: http://127.0.0.1:%" PRIu64 "\n", s->port);
    buf_printf(&b, "The key of the API is in %s\n\n", s->key);
    buf_printf(&b,
               "  curl       curl -H \"Authorization: $(cat %s)\" "
               "http://127.0.0.1:%" PRIu64 "/v2/transcript\n",
               s->key, s->port);
    buf_printf(&b,
               "  stenohook  stenohook submit --api-url http://127.0.0.1:%" PRIu64
               " --key-file %s https://example.com/audio.mp3\n",
               s->port, s->key);
    buf_printf(&b,
               "  Node.js    new AssemblyAI({ apiKey: KEY, baseUrl: \"http://127.0.0.1:%" PRIu64
               "\" })\n",
               s->port);
    buf_printf(&b,
               "  Python     aai.settings.base_url = \"http://127.0.0.1:%" PRIu64
               "\"; aai.settings.api_key = KEY\n\n",
               s->port);
    buf_printf(&b, "An interrupt (Ctrl-C) ends it%s.\n",
               s->dir == NULL ? " and removes all its files" : "");
    status = print_buf(&b, "the address", err);
    buf_free(&b);
    return status == STATUS_OK ? print_end(err) : status;
}

static enum status wait_for_end(const struct stand_in *s, const sigset_t *waited, struct err *err)
{
    int signal;

    while (sigwait(waited, &signal) == 0)
        if (signal != SIGCHLD)
            return STATUS_OK;
        else if (lighttpd_ended(s->pid))
            return server_failed(s, err);
    return err_errno(err, "cannot wait for a signal");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

enum status cmd_sandbox(int argc, char **argv, const char *config_path, struct err *err)
{
    struct stand_in s = {.port = 0};
    enum status status = parse_options(&s, argc, argv, err);
    sigset_t waited, before;

    (void)config_path;
    if (status == STATUS_OK)
        status = sandbox_check_user(err);
    if (status != STATUS_OK)
        return status;
    sigemptyset(&waited);
    sigaddset(&waited, SIGINT);
    sigaddset(&waited, SIGTERM);
    sigaddset(&waited, SIGHUP);
    sigaddset(&waited, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &waited, &before);
    status = prepare_server(&s, err);
    if (status == STATUS_OK)
        status = lighttpd_start(&s.pid, s.config, err);
    if (status == STATUS_OK)
        status = wait_for_start(&s, err);
    if (status == STATUS_OK)
        status = print_address(&s, err);
    if (status == STATUS_OK)
        status = wait_for_end(&s, &waited, err);
    if (s.pid != 0)
        lighttpd_stop(s.pid);
    if (s.own[0] != '\0' && nftw(s.own, remove_one, REMOVE_DEPTH, FTW_DEPTH | FTW_PHYS) != 0 &&
        status == STATUS_OK)
        status = err_errno(err, "cannot remove the folder %s", s.own);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}
