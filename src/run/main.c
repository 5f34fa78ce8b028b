/* SPDX-License-Identifier: MIT
 * stenohook-run - runs the hooks of recorded events.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/trust.h"
#include "base/user.h"
#include "core/hookenv.h"
#include "run/runner.h"
#include "store/queue/slot.h"
#include "store/queue/standing.h"

#define PROGRAM "stenohook-run"
#define SEE ": see '" PROGRAM " --help'"
/* The language of hooks, however the runner was started. */
#define HOOK_LANG "C.UTF-8"
#define SLOT_FD 3
/* For as many hooks as there can be: two pipes and a slot each. */
#define FDS_WANTED (SLOT_COUNT * 3 + 64)

struct runner_options {
    const char *config;
    bool detach;
    bool help;
    enum runner_stay stay;
};

static const char usage[] =
    "usage: " PROGRAM " [--config FILE] [--once | --detach]\n"
    "\n"
    "Runs the hooks of recorded events. Stays in the foreground until it is stopped.\n"
    "\n"
    "  --config FILE  the configuration (see stenohook.conf(5))\n"
    "  --once         work off what is due, then exit: for cron\n"
    "  --detach       go to the background, exit when idle: what the gateway does\n"
    "  --help         print this\n";

/* ---- a clean start */

/* Hooks inherit no descriptor that we were started with, and no file that we open later gets the
 * number of one that hooks get. */
static bool hold_descriptors(void)
{
    file_close_from(SLOT_FD);
    return file_hold(SLOT_FD) && fcntl(SLOT_FD, F_SETFD, FD_CLOEXEC) == 0;
}

static void block_signals(sigset_t *stops)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t blocked;

    sigemptyset(stops);
    sigaddset(stops, SIGTERM);
    sigaddset(stops, SIGINT);
    sigaddset(stops, SIGHUP);
    /* An ignored SIGCHLD would have the kernel reap our hooks. */
    sigaction(SIGCHLD, &standard, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
    blocked = *stops;
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
}

/* The configuration is found by the environment that we were started in; from then on there is
 * nothing in it that did not come from us. */
static bool clean_environment(const char *config_path)
{
    bool strict = trust_is_strict();

    return clearenv() == 0 && setenv("PATH", HOOKENV_PATH, 1) == 0 &&
           setenv("STENOHOOK_CONFIG", config_path, 1) == 0 &&
           (!strict || setenv(TRUST_STRICT, TRUST_YES, 1) == 0);
}

/* Goes on in a process that is no child of its starter, in a session that it does not lead. */
static enum status detach_process(struct err *err)
{
    int null_fd;

    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();

        if (pid < 0)
            return err_errno(err, "cannot go to the background");
        if (pid > 0)
            _exit(EXIT_SUCCESS);
        (void)setsid();
    }
    null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0)
        return err_errno(err, "cannot open /dev/null");
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        (void)dup2(null_fd, fd);
    (void)close(null_fd);
    return STATUS_OK;
}

/* More descriptors for us; hooks get back what there was. */
static void raise_files(struct rlimit *before, const struct rlimit **given)
{
    struct rlimit raised;

    if (getrlimit(RLIMIT_NOFILE, before) != 0 || before->rlim_cur >= FDS_WANTED)
        return;
    raised = *before;
    raised.rlim_cur = raised.rlim_max < FDS_WANTED ? raised.rlim_max : FDS_WANTED;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
        *given = before;
}

/* ---- the call */

static enum status parse_options(struct runner_options *options, int argc, char **argv,
                                 struct err *err)
{
    static const struct option table[] = {{"config", required_argument, NULL, 'c'},
                                          {"once", no_argument, NULL, 'o'},
                                          {"detach", no_argument, NULL, 'd'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    bool once = false;
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, ":c:", table, NULL)) != -1) {
        if (c == 'c')
            options->config = optarg;
        else if (c == 'o')
            once = true;
        else if (c == 'd')
            options->detach = true;
        else if (c == 'h')
            options->help = true;
        else
            return err_set(err, STATUS_USAGE,
                           c == ':' ? "option '%s' needs a value" SEE : "unknown option '%s'" SEE,
                           argv[optind - 1]);
    }
    if (optind < argc)
        return err_set(err, STATUS_USAGE, "unexpected argument '%s'" SEE, argv[optind]);
    if (once && options->detach)
        return err_set(err, STATUS_USAGE, "--once and --detach exclude each other");
    options->stay = once ? RUNNER_ONCE : options->detach ? RUNNER_LINGER : RUNNER_SERVICE;
    return STATUS_OK;
}

/* ---- work */

static void write_to_stderr(void *context, const char *line, size_t len)
{
    (void)context;
    if (file_write(STDERR_FILENO, line, len) < 0)
        return;
}

static void log_warning(void *context, const char *text)
{
    const struct log *log = context;

    /* Before the log is open these are about secrets, which the gateway reports. */
    if (log->dir >= 0)
        log_line(log, LOG_LEVEL_WARNING, "%s", text);
}

static enum status serve_spool(const struct runner_options *options, const struct spool *spool,
                               struct settings_cache *cache, struct log *log, const sigset_t *stops,
                               struct err *err)
{
    struct rlimit files;
    struct runner_setup setup = {.spool = spool,
                                 .settings = cache,
                                 .log = log,
                                 .stops = stops,
                                 .lang = HOOK_LANG,
                                 .stay = options->stay};
    struct user user = {.home = NULL};
    enum status status = spool_make_run(spool, err);

    if (status != STATUS_OK)
        return status;
    raise_files(&files, &setup.files);
    if (user_look_up(NULL, geteuid(), &user))
        setup.home = user.home;
    status = runner_run(&setup, err);
    user_free(&user);
    return status;
}

static enum status enter_spool(const struct runner_options *options, const char *path,
                               struct settings_cache *cache, struct log *log, const sigset_t *stops,
                               struct err *err)
{
    enum status status = spool_become_owner(path, err);
    struct spool spool;

    if (status != STATUS_OK)
        return status;
    if (geteuid() == 0)
        return err_set(err, STATUS_OWNER,
                       "the spool %s belongs to root, and hooks never run as root: give it to the "
                       "user of the web server",
                       path);
    status = spool_open(&spool, path, err);
    if (status != STATUS_OK)
        return status;
    log->dir = spool.dir;
    status = serve_spool(options, &spool, cache, log, stops, err);
    /* Each request starts a runner, so "hooks are paused" is logged only now and then. */
    if (status != STATUS_OK &&
        (status != STATUS_PAUSED || standing_should_log(&spool, clock_wall_ns())))
        log_line(log, status_level(status), "%s", err->text);
    log->dir = -1;
    spool_close(&spool);
    return status;
}

static enum status run_hooks(const struct runner_options *options, const sigset_t *stops,
                             struct err *err)
{
    struct log log = {.dir = -1, .name = SPOOL_LOG, .program = PROGRAM};
    const struct settings *settings = NULL;
    struct settings_cache *cache = NULL;
    char *spool = NULL, *path = NULL;
    enum status status = settings_find(&path, options->config, err);

    if (status == STATUS_OK && !clean_environment(path))
        status = err_set(err, STATUS_MEMORY, "no memory for the environment");
    if (status == STATUS_OK)
        status = settings_become_author(path, err);
    if (status == STATUS_OK)
        status = settings_cache_make(&cache, log_warning, &log, err);
    if (status == STATUS_OK)
        status = settings_current(cache, &settings, err);
    if (status == STATUS_OK) {
        spool = strdup(settings->config->spool);
        settings_release(settings);
        status = spool == NULL ? err_set(err, STATUS_MEMORY, "no memory for a path") : STATUS_OK;
    }
    if (options->stay == RUNNER_SERVICE)
        log.sink = write_to_stderr;
    if (status == STATUS_OK)
        status = enter_spool(options, spool, cache, &log, stops, err);
    settings_cache_free(cache);
    free(spool);
    free(path);
    return status;
}

int main(int argc, char **argv)
{
    struct runner_options options = {.config = NULL};
    struct err err = ERR_INIT;
    enum status status;
    sigset_t stops;

    if (!hold_descriptors())
        return status_exit(STATUS_IO);
    /* A web server that was pointed at this program must not hand its visitors our options: a query
     * string without "=" becomes the arguments of a CGI program (RFC 3875 section 4.4). */
    if (getenv("REQUEST_METHOD") != NULL || getenv("GATEWAY_INTERFACE") != NULL) {
        fputs(PROGRAM ": this runs hooks and is not the gateway: point the web server at "
                      "stenohook.fcgi\n",
              stderr);
        return status_exit(STATUS_USAGE);
    }
    umask(077);
    status = parse_options(&options, argc, argv, &err);
    if (status == STATUS_OK && options.help)
        return fputs(usage, stdout) < 0 || fflush(stdout) != 0 ? status_exit(STATUS_IO)
                                                               : EXIT_SUCCESS;
    if (status == STATUS_OK && options.detach)
        status = detach_process(&err);
    if (status == STATUS_OK) {
        block_signals(&stops);
        status = run_hooks(&options, &stops, &err);
    }
    if (status != STATUS_OK)
        fprintf(stderr, PROGRAM ": %s\n", err.text);
    return status_exit(status);
}
