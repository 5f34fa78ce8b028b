/* SPDX-License-Identifier: MIT
 * sandbox - runs a stand-in for AssemblyAI's API behind a lighttpd of its own.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/program.h"
#include "cli/print.h"
#include "remote/remote_verbs.h"
#include "sandbox/sandbox_config.h"
#include "sandbox/sandbox_setup.h"

#define PROGRAM "stenohook-sandbox.fcgi"
#define START_NS (15 * NS_PER_S)
#define STOP_NS (15 * NS_PER_S)
#define LOOK_NS (20 * NS_PER_MS)
#define REMOVE_DEPTH 16
#define TEXT_MAX ((size_t)16 * 1024)

extern char **environ;

enum { SANDBOX_PORT = OPTIONS_LONG, SANDBOX_DIR, SANDBOX_KEY, SANDBOX_DELAY };

const struct options_row cmd_sandbox_options[] = {
    {SANDBOX_PORT, "port", "N", NULL, "the port on 127.0.0.1 (default: one that is free)"},
    {SANDBOX_DIR, "dir", "DIR", NULL,
     "keep transcripts, uploads and the key there (default: they are forgotten)"},
    {SANDBOX_KEY, "key-file", "FILE", NULL, "the file with the API's key (default: one is made)"},
    {SANDBOX_DELAY, "delay", "TIME", NULL, "how long a transcript takes (default: 3s)"},
    {0, NULL, NULL, NULL, NULL},
};

struct run {
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

static enum status take(struct run *r, int option, struct err *err)
{
    switch (option) {
    case SANDBOX_PORT:
        return option_number(optarg, "--port", 1, 65535, &r->port, err);
    case SANDBOX_DIR:
        r->dir = optarg;
        return STATUS_OK;
    case SANDBOX_KEY:
        r->key_file = optarg;
        return STATUS_OK;
    default:
        r->has_delay = true;
        return option_duration(optarg, "--delay", &r->delay_ms, err);
    }
}

static enum status parse(struct run *r, int argc, char **argv, struct err *err)
{
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_sandbox_options, argc, argv, &status, err)) != -1) {
        if (c != '?')
            status = take(r, c, err);
        if (status != STATUS_OK)
            return status;
    }
    return options_operands(argc, argv, 0, 0, err);
}

/* ---- what it needs */

static struct sockaddr_in loopback(uint64_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Nobody else gets it so soon: the kernel gives such ports in turns. */
static enum status choose_port(uint64_t *port, struct err *err)
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    enum status status = STATUS_OK;

    if (*port != 0)
        goto out;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        status = err_errno(err, "cannot find a free port on 127.0.0.1");
    else
        *port = ntohs(address.sin_port);
out:
    file_close(&fd);
    return status;
}

static enum status make_own_folder(struct run *r, struct err *err)
{
    const char *base = getenv("TMPDIR");
    char path[PATH_MAX];

    if (base == NULL || base[0] != '/')
        base = "/tmp";
    if ((size_t)snprintf(path, sizeof path, "%s/stenohook-sandbox-XXXXXX", base) >= sizeof path ||
        mkdtemp(path) == NULL)
        return err_errno(err, "cannot make a folder in %s", base);
    memcpy(r->own, path, sizeof path);
    return STATUS_OK;
}

/* As the server is to see it, which starts elsewhere. */
static enum status whole_path(char out[PATH_MAX], const char *path, struct err *err)
{
    if (realpath(path, out) == NULL)
        return err_errno(err, "there is no %s", path);
    return STATUS_OK;
}

static enum status find_state(struct run *r, struct err *err)
{
    enum status status;

    if (r->dir == NULL) {
        (void)snprintf(r->folder, sizeof r->folder, "%.*s/state", PATH_MAX - 32, r->own);
        if (mkdir(r->folder, 0700) < 0)
            return err_errno(err, "cannot make the folder %s", r->folder);
    } else {
        if (mkdir(r->dir, 0700) < 0 && errno != EEXIST)
            return err_errno(err, "cannot make the folder %s", r->dir);
        status = whole_path(r->folder, r->dir, err);
        if (status != STATUS_OK)
            return status;
    }
    if (r->key_file != NULL)
        return whole_path(r->key, r->key_file, err);
    (void)snprintf(r->key, sizeof r->key, "%.*s/" SANDBOX_KEY_FILE, PATH_MAX - 8, r->folder);
    return STATUS_OK;
}

static enum status write_config(struct run *r, struct err *err)
{
    const struct sandbox_config config = {r->program, r->folder, r->own, (uint16_t)r->port};
    enum status status;
    struct buf text;
    int fd = -1;

    buf_init(&text, SANDBOX_CONFIG_MAX);
    (void)snprintf(r->config, sizeof r->config, "%.*s/lighttpd.conf", PATH_MAX - 32, r->own);
    status = sandbox_config_print(&text, &config, err);
    if (status == STATUS_OK) {
        fd = file_open(AT_FDCWD, r->config, O_WRONLY | O_CREAT | O_EXCL, 0600);
        if (fd < 0 || file_write(fd, text.ptr, text.len) < 0)
            status = err_errno(err, "cannot write %s", r->config);
    }
    file_close(&fd);
    buf_free(&text);
    return status;
}

static enum status set_environment(const struct run *r, struct err *err)
{
    char number[32];

    (void)snprintf(number, sizeof number, "%" PRIu64, r->delay_ms);
    if ((r->key_file != NULL && setenv(SANDBOX_PREFIX "KEY_FILE", r->key, 1) < 0) ||
        (r->has_delay && setenv(SANDBOX_PREFIX "DELAY_MS", number, 1) < 0))
        return err_set(err, STATUS_MEMORY, "no memory for the environment");
    return STATUS_OK;
}

static enum status prepare(struct run *r, struct err *err)
{
    enum status status;

    if (!program_find(r->program, PROGRAM))
        return err_set(err, STATUS_MISSING,
                       "the program %s is not installed: it belongs beside stenohook, or into %s",
                       PROGRAM, LIBEXECDIR);
    status = make_own_folder(r, err);
    if (status == STATUS_OK)
        status = find_state(r, err);
    if (status == STATUS_OK)
        status = choose_port(&r->port, err);
    if (status == STATUS_OK)
        status = write_config(r, err);
    return status == STATUS_OK ? set_environment(r, err) : status;
}

/* ---- the server */

static enum status spawn(struct run *r, const posix_spawnattr_t *attr, struct err *err)
{
    static const char *const places[] = {"lighttpd", "/usr/sbin/lighttpd",
                                         "/usr/local/sbin/lighttpd"};
    char name[] = "lighttpd", stay[] = "-D", option[] = "-f";
    char *const argv[] = {name, stay, option, r->config, NULL};
    int error = ENOENT;

    for (size_t i = 0; i < sizeof places / sizeof *places && error == ENOENT; i++)
        error = posix_spawnp(&r->pid, places[i], NULL, attr, argv, environ);
    if (error == 0)
        return STATUS_OK;
    r->pid = 0;
    errno = error;
    return err_errno(err, "cannot run lighttpd, which the sandbox needs");
}

/* In a process group of its own: an interrupt at the terminal is for us, and then we end it. */
static enum status start(struct run *r, struct err *err)
{
    posix_spawnattr_t attr;
    enum status status;
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    /* What lighttpd leaves behind becomes ours to wait for. */
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (posix_spawnattr_init(&attr) != 0)
        return err_set(err, STATUS_MEMORY, "no memory for a process");
    (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    (void)posix_spawnattr_setpgroup(&attr, 0);
    (void)posix_spawnattr_setsigmask(&attr, &none);
    (void)posix_spawnattr_setsigdefault(&attr, &all);
    status = spawn(r, &attr, err);
    posix_spawnattr_destroy(&attr);
    return status;
}

/* Reaps whatever ended. false: nothing of the group is left. */
static bool group_lives(const struct run *r)
{
    pid_t pid;

    do {
        pid = waitpid(-r->pid, NULL, WNOHANG);
    } while (pid > 0 || (pid < 0 && errno == EINTR));
    return pid == 0;
}

/* Told again and again: a program that is just being started still has lighttpd's handlers. */
static void stop(struct run *r)
{
    uint64_t end = clock_mono_ns() + STOP_NS;

    if (r->pid == 0)
        return;
    do {
        (void)kill(-r->pid, clock_mono_ns() > end ? SIGKILL : SIGTERM);
        clock_sleep_ns(LOOK_NS);
    } while (group_lives(r));
    r->pid = 0;
}

static bool answers(uint64_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;

    file_close(&fd);
    return connected;
}

static bool server_ended(const struct run *r)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid != 0;
}

static enum status server_failed(const struct run *r, struct err *err)
{
    char path[PATH_MAX];
    struct buf log;

    buf_init(&log, TEXT_MAX);
    (void)snprintf(path, sizeof path, "%.*s/lighttpd.log", PATH_MAX - 32, r->own);
    if (file_slurp(AT_FDCWD, path, &log) == 0 && log.len > 0)
        print_hint("%s", log.ptr);
    buf_free(&log);
    return err_set(err, STATUS_IO, "lighttpd ended: is port %" PRIu64 " in use?", r->port);
}

static enum status wait_for_start(const struct run *r, struct err *err)
{
    uint64_t end = clock_mono_ns() + START_NS;

    while (!answers(r->port) || access(r->key, R_OK) < 0) {
        if (server_ended(r))
            return server_failed(r, err);
        if (clock_mono_ns() > end)
            return err_set(err, STATUS_DEADLINE, "the sandbox does not start");
        clock_sleep_ns(LOOK_NS);
    }
    /* Somebody else's server may answer while ours has not said yet that it cannot. */
    return server_ended(r) ? server_failed(r, err) : STATUS_OK;
}

/* ---- the verb */

static enum status tell(const struct run *r, struct err *err)
{
    enum status status;
    struct buf b;

    buf_init(&b, TEXT_MAX + 4 * PATH_MAX);
    buf_printf(&b, "AssemblyAI's API, made up: http://127.0.0.1:%" PRIu64 "\n", r->port);
    buf_printf(&b, "The key of the API is in %s\n\n", r->key);
    buf_printf(&b,
               "  curl       curl -H \"Authorization: $(cat %s)\" "
               "http://127.0.0.1:%" PRIu64 "/v2/transcript\n",
               r->key, r->port);
    buf_printf(&b,
               "  stenohook  stenohook submit --api-url http://127.0.0.1:%" PRIu64
               " --key-file %s https://example.com/audio.mp3\n",
               r->port, r->key);
    buf_printf(&b,
               "  Node.js    new AssemblyAI({ apiKey: KEY, baseUrl: \"http://127.0.0.1:%" PRIu64
               "\" })\n",
               r->port);
    buf_printf(&b,
               "  Python     aai.settings.base_url = \"http://127.0.0.1:%" PRIu64
               "\"; aai.settings.api_key = KEY\n\n",
               r->port);
    buf_printf(&b, "An interrupt (Ctrl-C) ends it%s.\n",
               r->dir == NULL ? ", and all that it knows is forgotten" : "");
    status = print_buf(&b, "the address", err);
    buf_free(&b);
    return status == STATUS_OK ? print_end(err) : status;
}

static enum status wait_for_end(const struct run *r, const sigset_t *waited, struct err *err)
{
    int signal;

    while (sigwait(waited, &signal) == 0)
        if (signal != SIGCHLD)
            return STATUS_OK;
        else if (server_ended(r))
            return server_failed(r, err);
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
    struct run r = {.port = 0};
    enum status status = parse(&r, argc, argv, err);
    sigset_t waited, before;

    (void)config_path;
    if (status != STATUS_OK)
        return status;
    sigemptyset(&waited);
    sigaddset(&waited, SIGINT);
    sigaddset(&waited, SIGTERM);
    sigaddset(&waited, SIGHUP);
    sigaddset(&waited, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &waited, &before);
    status = prepare(&r, err);
    if (status == STATUS_OK)
        status = start(&r, err);
    if (status == STATUS_OK)
        status = wait_for_start(&r, err);
    if (status == STATUS_OK)
        status = tell(&r, err);
    if (status == STATUS_OK)
        status = wait_for_end(&r, &waited, err);
    stop(&r);
    if (r.own[0] != '\0' && nftw(r.own, remove_one, REMOVE_DEPTH, FTW_DEPTH | FTW_PHYS) != 0 &&
        status == STATUS_OK)
        status = err_errno(err, "cannot remove the folder %s", r.own);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}
