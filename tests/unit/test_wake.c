/* SPDX-License-Identifier: MIT
 * test_wake - a runner is told where one listens, and started where none does.
 *
 * The runner that is started is a script which writes down how it was started; wake_runner has seen
 * its end when it returns.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/program.h"
#include "fault_kit.h"
#include "journal_kit.h"
#include "settings_kit.h"
#include "store/queue/wake.h"
#include "unit.h"

#define SEEN_MAX 4096
/* More than a FIFO holds. */
#define WAKES_MANY 70000

static struct spool spool;
static char script[200], seen[200];

static bool begin(void)
{
    snprintf(script, sizeof script, "%s/runner", unit_folder());
    snprintf(seen, sizeof seen, "%s/seen", unit_folder());
    return kit_spool(&spool);
}

static void end(void)
{
    spool_close(&spool);
}

static void write_script(const char *commands, mode_t mode)
{
    FILE *f = fopen(script, "w");

    UNIT_REQUIRE(f != NULL);
    UNIT_TRUE(fprintf(f, "#!/bin/sh\nexec >'%s' 2>&1\n%s", seen, commands) > 0);
    UNIT_INT(0, fclose(f));
    UNIT_INT(0, chmod(script, mode));
}

/* What the script wrote down; empty where it did not run. */
static const char *said(void)
{
    static char text[SEEN_MAX];
    struct buf bytes;

    text[0] = '\0';
    buf_init(&bytes, sizeof text - 1);
    if (file_slurp(AT_FDCWD, seen, &bytes) == 0)
        snprintf(text, sizeof text, "%.*s", (int)bytes.len, bytes.ptr);
    buf_free(&bytes);
    return text;
}

static bool readable(int fd)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};

    return poll(&poller, 1, 0) == 1 && (poller.revents & POLLIN) != 0;
}

static enum status wake(struct err *err)
{
    struct config config = {.runner = script};

    err_clear(err);
    return wake_runner(&spool, &config, "/conf of ours", err);
}

/* ---- the FIFO */

UNIT_TEST(a_runner_that_listens_is_told_and_nobody_is_started)
{
    struct err err = ERR_INIT;
    int fd;

    UNIT_REQUIRE(begin());
    write_script("echo started\n", 0700);
    fd = wake_listen(&spool);
    UNIT_TRUE(fd >= 0);
    UNIT_FALSE(readable(fd));
    UNIT_STATUS(STATUS_OK, wake(&err), &err);
    UNIT_TRUE(readable(fd));
    UNIT_TEXT("", said());
    close(fd);
    end();
}

UNIT_TEST(a_runner_that_has_left_is_told_nothing)
{
    int fd;

    UNIT_REQUIRE(begin());
    UNIT_FALSE(wake_tell(&spool));
    fd = wake_listen(&spool);
    UNIT_TRUE(wake_tell(&spool));
    close(fd);
    UNIT_FALSE(wake_tell(&spool));
    end();
}

UNIT_TEST(what_was_drained_is_silent_until_the_next_wake)
{
    int fd;

    UNIT_REQUIRE(begin());
    fd = wake_listen(&spool);
    UNIT_TRUE(wake_tell(&spool) && wake_tell(&spool));
    wake_drain(fd);
    UNIT_FALSE(readable(fd));
    UNIT_TRUE(wake_tell(&spool));
    UNIT_TRUE(readable(fd));
    close(fd);
    end();
}

UNIT_TEST(a_full_fifo_wakes_without_waiting_and_is_drained_whole)
{
    int fd, told = 0;

    UNIT_REQUIRE(begin());
    fd = wake_listen(&spool);
    for (int i = 0; i < WAKES_MANY; i++)
        told += wake_tell(&spool);
    UNIT_INT(WAKES_MANY, told);
    wake_drain(fd);
    UNIT_FALSE(readable(fd));
    close(fd);
    end();
}

UNIT_TEST(what_lies_in_the_place_of_the_fifo_is_not_told_and_makes_room_for_it)
{
    int file, fd;

    UNIT_REQUIRE(begin());
    file = file_open(spool.dir, SPOOL_WAKE, O_CREAT | O_WRONLY, 0600);
    UNIT_TRUE(file >= 0);
    UNIT_FALSE(wake_tell(&spool));
    UNIT_INT(0, lseek(file, 0, SEEK_END));
    close(file);
    fd = wake_listen(&spool);
    UNIT_TRUE(fd >= 0 && wake_tell(&spool) && readable(fd));
    close(fd);
    end();
}

UNIT_TEST(what_cannot_be_written_or_looked_at_tells_nobody)
{
    int fd;

    UNIT_REQUIRE(begin());
    fd = wake_listen(&spool);
    fault_arm(FAULT_FSTAT, 1, EIO);
    UNIT_FALSE(wake_tell(&spool));
    UNIT_TRUE(fault_disarm());
    atomic_store(&kit_write_errno, EIO);
    UNIT_FALSE(wake_tell(&spool));
    UNIT_FALSE(readable(fd));
    UNIT_TRUE(wake_tell(&spool));
    close(fd);
    end();
}

UNIT_TEST(nobody_can_listen_where_no_fifo_can_be_made)
{
    UNIT_REQUIRE(begin());
    /* In the way. */
    UNIT_INT(0, mkdirat(spool.dir, SPOOL_WAKE, 0700));
    errno = 0;
    UNIT_INT(-1, wake_listen(&spool));
    UNIT_TRUE(errno != 0);
    UNIT_INT(0, unlinkat(spool.dir, SPOOL_WAKE, AT_REMOVEDIR));
    UNIT_INT(0, renameat(spool.dir, SPOOL_RUN, spool.dir, "aside"));
    UNIT_INT(-1, wake_listen(&spool));
    UNIT_INT(ENOENT, errno);
    end();
}

/* ---- finding one */

/* Where our program lies, with a runner beside it. */
static bool beside(const char *commands, mode_t mode)
{
    static char program[220];

    if (!begin())
        return false;
    snprintf(script, sizeof script, "%s/stenohook-run", unit_folder());
    write_script(commands, mode);
    snprintf(program, sizeof program, "%s/stenohook.fcgi", unit_folder());
    fault_program = program;
    return true;
}

static void end_beside(void)
{
    fault_program = NULL;
    end();
}

static enum status find(char **out, struct err *err)
{
    static const struct config unnamed;

    *out = NULL;
    err_clear(err);
    return wake_find_runner(out, &unnamed, err);
}

UNIT_TEST(a_runner_that_nobody_names_is_the_one_beside_our_program)
{
    struct err err = ERR_INIT;
    char *found;

    UNIT_REQUIRE(beside("", 0700));
    UNIT_STATUS(STATUS_OK, find(&found, &err), &err);
    UNIT_TEXT(script, found);
    free(found);
    end_beside();
}

UNIT_TEST(a_runner_beside_our_program_that_will_not_do_is_not_passed_over)
{
    struct err err = ERR_INIT;
    char *found;

    UNIT_REQUIRE(beside("", 0722));
    UNIT_STATUS(STATUS_UNTRUSTED, find(&found, &err), &err);
    UNIT_TRUE(strstr(err.text, "chmod go-w") != NULL && strstr(err.text, script) != NULL);
    end_beside();
}

/* The gateway lies elsewhere, with a runner of its own. */
UNIT_TEST(where_a_gateway_noted_itself_everybody_gets_the_runner_beside_it)
{
    struct config config = {.spool = spool.path};
    char gateway[300], other[300], *found = NULL;
    static char asker[400];
    struct err err = ERR_INIT;
    char path[PATH_MAX];

    UNIT_REQUIRE(beside("", 0700));
    config.spool = spool.path;
    UNIT_FALSE(wake_gateway(path, &config));
    snprintf(gateway, sizeof gateway, "%s/stenohook.fcgi", unit_folder());
    UNIT_INT(0, close(open(gateway, O_WRONLY | O_CREAT | O_CLOEXEC, 0700)));
    wake_note_gateway(&spool);
    UNIT_TRUE(wake_gateway(path, &config));
    UNIT_TEXT(gateway, path);
    snprintf(other, sizeof other, "%s/bin", unit_folder());
    UNIT_INT(0, mkdir(other, 0700));
    snprintf(asker, sizeof asker, "%s/stenohook", other);
    fault_program = asker;
    UNIT_STATUS(STATUS_OK, wake_find_runner(&found, &config, &err), &err);
    UNIT_TEXT(script, found);
    free(found);
    found = NULL;
    /* The gateway went: its note is worth nothing. */
    UNIT_INT(0, unlink(gateway));
    UNIT_FALSE(wake_gateway(path, &config));
    UNIT_TRUE(wake_find_runner(&found, &config, &err) != STATUS_OK || strcmp(found, script) != 0);
    free(found);
    end_beside();
}

UNIT_TEST(a_gateway_notes_where_it_lies_now_also_after_a_note_that_was_cut_off)
{
    struct config config;
    char path[PATH_MAX];

    UNIT_REQUIRE(beside("", 0700));
    config = (struct config){.spool = spool.path};
    UNIT_INT(0, symlinkat("/nowhere", spool.dir, SPOOL_GATEWAY_NEW));
    UNIT_INT(0, symlinkat("/elsewhere", spool.dir, SPOOL_GATEWAY));
    fault_program = script;
    wake_note_gateway(&spool);
    UNIT_TRUE(wake_gateway(path, &config));
    UNIT_TEXT(script, path);
    /* One whose file was replaced does not know its place any more. */
    fault_program = "/replaced/stenohook.fcgi (deleted)";
    wake_note_gateway(&spool);
    UNIT_TRUE(wake_gateway(path, &config));
    UNIT_TEXT(script, path);
    end_beside();
}

UNIT_TEST(one_in_the_home_of_our_user_is_taken_where_none_lies_beside_the_gateway)
{
    static char folder[200];
    char expected[300];
    struct err err = ERR_INIT;
    char *found;

    UNIT_REQUIRE(beside("", 0700));
    snprintf(folder, sizeof folder, "%s/home", unit_folder());
    snprintf(expected, sizeof expected, "%s/stenohook-run", folder);
    UNIT_INT(0, mkdir(folder, 0700));
    UNIT_INT(0, rename(script, expected));
    sk_home(folder);
    UNIT_STATUS(STATUS_OK, find(&found, &err), &err);
    UNIT_TEXT(expected, found);
    free(found);
    sk_home(NULL);
    end_beside();
}

/* Whether or not this machine has one installed. */
static void installed_is_found(void)
{
    static const char installed[] = LIBEXECDIR "/stenohook-run";
    enum status expected = program_check(installed, NULL, NULL, NULL);
    struct err err = ERR_INIT;
    char *found;

    UNIT_STATUS(expected, find(&found, &err), &err);
    if (expected == STATUS_OK)
        UNIT_TEXT(installed, found);
    else
        UNIT_TRUE(strstr(err.text, LIBEXECDIR) != NULL);
    if (expected == STATUS_MISSING)
        UNIT_TRUE(strstr(err.text, "name it with the key runner") != NULL);
    free(found);
}

UNIT_TEST(where_there_is_none_beside_us_it_is_the_installed_one)
{
    UNIT_REQUIRE(beside("", 0700));
    UNIT_INT(0, unlink(script));
    installed_is_found();
    /* What lies beside us is unknown. */
    write_script("", 0700);
    fault_program = "";
    installed_is_found();
    end_beside();
}

static enum status find_and_forget(void *context, struct err *err)
{
    char *found = NULL;
    enum status status = wake_find_runner(&found, context, err);

    UNIT_TRUE((status == STATUS_OK) == (found != NULL));
    free(found);
    return status;
}

UNIT_TEST(a_runner_that_there_is_no_memory_to_look_for_is_not_missing)
{
    struct config config = {.runner = NULL};

    UNIT_REQUIRE(beside("", 0700));
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find_and_forget, &config);
    config.runner = script;
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find_and_forget, &config);
    end_beside();
}

/* ---- starting one */

UNIT_TEST(where_nobody_listens_a_runner_is_started_with_our_configuration)
{
    struct err err = ERR_INIT;

    UNIT_REQUIRE(begin());
    write_script("printf '<%s>' \"$@\"\n", 0700);
    UNIT_STATUS(STATUS_OK, wake(&err), &err);
    UNIT_TEXT("<--config></conf of ours><--detach>", said());
    end();
}

UNIT_TEST(a_runner_sees_nothing_of_the_request)
{
    struct err err = ERR_INIT;

    UNIT_REQUIRE(begin());
    write_script("tr '\\0' '\\n' </proc/$$/environ | grep -c -v '^PATH='\n"
                 "readlink /proc/$$/fd/0\nls -l /proc/$$/fd 2>/dev/null | grep -c '/spool'\n",
                 0700);
    setenv("HTTP_X_WEBHOOK_SECRET", "of a request", 1);
    UNIT_STATUS(STATUS_OK, wake(&err), &err);
    unsetenv("HTTP_X_WEBHOOK_SECRET");
    UNIT_TEXT("0\n/dev/null\n0\n", said());
    end();
}

UNIT_TEST(a_runner_begins_with_signals_as_they_are_by_default)
{
    struct err err = ERR_INIT;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigset_t all, mask;

    UNIT_REQUIRE(begin());
    /* Of a process that did not change them itself, as a shell does. Signals 32 and 33 are the C
     * library's own. */
    write_script("exec grep -cE '^Sig(Blk|Ign):.[0-9a-f]{7}[01][08]0{7}$' /proc/self/status\n",
                 0700);
    sigaction(SIGPIPE, &ignore, &before);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &mask);
    UNIT_STATUS(STATUS_OK, wake(&err), &err);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGPIPE, &before, NULL);
    UNIT_TEXT("2\n", said());
    end();
}

UNIT_TEST(a_runner_that_others_can_change_is_not_started)
{
    struct err err = ERR_INIT;

    UNIT_REQUIRE(begin());
    write_script("echo started\n", 0702);
    UNIT_STATUS(STATUS_UNTRUSTED, wake(&err), &err);
    UNIT_TRUE(strstr(err.text, "chmod go-w") != NULL);
    UNIT_INT(0, chmod(script, 0700) | chmod(unit_folder(), 0707));
    UNIT_STATUS(STATUS_UNTRUSTED, wake(&err), &err);
    UNIT_TRUE(strstr(err.text, "chmod go-w") != NULL);
    UNIT_INT(0, chmod(unit_folder(), 0700));
    UNIT_INT(0, chmod(script, 0600));
    UNIT_STATUS(STATUS_CONFIG, wake(&err), &err);
    UNIT_TRUE(strstr(err.text, "chmod +x") != NULL);
    UNIT_TEXT("", said());
    end();
}

UNIT_TEST(a_runner_that_the_configuration_names_and_is_not_there_is_missed)
{
    struct err err = ERR_INIT;

    UNIT_REQUIRE(begin());
    UNIT_STATUS(STATUS_MISSING, wake(&err), &err);
    UNIT_TRUE(str_starts(str_of(err.text), "hooks wait, because no runner could be started: "));
    UNIT_TRUE(strstr(err.text, script) != NULL);
    end();
}

UNIT_TEST(a_runner_that_the_system_does_not_execute_is_a_failure_in_words)
{
    struct err err = ERR_INIT;
    FILE *f;

    UNIT_REQUIRE(begin());
    f = fopen(script, "w");
    UNIT_REQUIRE(f != NULL);
    UNIT_TRUE(fputs("#!/nonexistent/interpreter\n", f) >= 0);
    UNIT_INT(0, fclose(f));
    UNIT_INT(0, chmod(script, 0700));
    UNIT_STATUS(STATUS_IO, wake(&err), &err);
    UNIT_TRUE(strstr(err.text, "cannot start") != NULL);
    end();
}

static enum status start(void *context, struct err *err)
{
    (void)context;
    return wake(err);
}

UNIT_TEST(a_runner_that_there_is_no_memory_to_start_is_told_as_that)
{
    UNIT_REQUIRE(begin());
    write_script("", 0700);
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, start, NULL);
    fault_each(FAULT_SPAWN, ENOMEM, STATUS_MEMORY, start, NULL);
    fault_each(FAULT_SPAWN, EAGAIN, STATUS_IO, start, NULL);
    end();
}

static int gate;

/* Lets the script go on: it ends behind the interruption. */
static void open_gate(int signal)
{
    (void)signal;
    (void)!write(gate, "\n", 1);
}

static void no_child_is_left(void)
{
    errno = 0;
    UNIT_INT(-1, waitpid(-1, NULL, WNOHANG));
    UNIT_INT(ECHILD, errno);
}

UNIT_TEST(a_signal_while_a_runner_starts_leaves_no_child_behind)
{
    struct sigaction action = {.sa_handler = open_gate}, before;
    struct err err = ERR_INIT;
    char path[200], commands[300];

    UNIT_REQUIRE(begin());
    snprintf(path, sizeof path, "%s/gate", unit_folder());
    UNIT_INT(0, mkfifo(path, 0600));
    gate = open(path, O_RDWR | O_CLOEXEC);
    UNIT_REQUIRE(gate >= 0);
    snprintf(commands, sizeof commands, "kill -USR1 $PPID\nread line <'%s'\necho started\n", path);
    write_script(commands, 0700);
    sigaction(SIGUSR1, &action, &before);
    UNIT_STATUS(STATUS_OK, wake(&err), &err);
    sigaction(SIGUSR1, &before, NULL);
    UNIT_TEXT("started\n", said());
    no_child_is_left();
    close(gate);
    end();
}

UNIT_TEST(a_runner_is_started_also_where_ends_of_children_are_ignored)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    struct err err = ERR_INIT;

    UNIT_REQUIRE(begin());
    write_script("echo started\n", 0700);
    sigaction(SIGCHLD, &ignore, &before);
    UNIT_STATUS(STATUS_OK, wake(&err), &err);
    sigaction(SIGCHLD, &before, NULL);
    UNIT_TEXT("started\n", said());
    no_child_is_left();
    end();
}
