/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/child.h"
#include "unit.h"

#define STEP_MS 20

struct kit {
    struct spool spool;
    struct slot slot;
    struct child child;
    struct result result;
    struct err err;
    bool held; /* we hold descriptor 3 for the hook */
};

static bool kit_open(struct kit *k)
{
    struct slot_attempt attempt = {.id = "1:103", .number = 1, .timeout_s = 60};
    enum slot_state state;
    char path[128];

    *k = (struct kit){.err = ERR_INIT};
    snprintf(path, sizeof path, "%s/spool", unit_folder());
    if (fcntl(3, F_GETFD) < 0)
        k->held = open("/dev/null", O_RDWR | O_CLOEXEC) == 3;
    return spool_create(path, NULL) == STATUS_OK &&
           spool_open(&k->spool, path, NULL) == STATUS_OK &&
           slot_open(&k->slot, &k->spool, 0, true, &state, NULL) == STATUS_OK &&
           slot_begin(&k->slot, &attempt, NULL) == STATUS_OK;
}

static void kit_close(struct kit *k)
{
    slot_close(&k->slot);
    spool_close(&k->spool);
    if (k->held)
        close(3);
}

static enum status start(struct kit *k, char *const *argv, struct str body, uint64_t timeout_s,
                         uint64_t memory_max)
{
    char one[] = "ONE=1";
    char *envp[] = {one, NULL};
    struct child_plan plan = {.argv = argv,
                              .envp = envp,
                              .home = unit_folder(),
                              .body = body,
                              .timeout_s = timeout_s,
                              .memory_max = memory_max,
                              .spool = &k->spool,
                              .slot = &k->slot};

    return child_start(&k->child, &plan, clock_mono_ns(), &k->err);
}

static enum status start_shell(struct kit *k, const char *script, struct str body,
                               uint64_t timeout_s)
{
    char shell[] = "/bin/sh", flag[] = "-c";
    char *text = strdup(script);
    char *argv[] = {shell, flag, text, NULL};
    enum status status = start(k, argv, body, timeout_s, 0);

    free(text);
    return status;
}

/* Steps with the time that the clock says and `ahead` more. */
static bool over(struct kit *k, uint64_t ahead)
{
    uint64_t end = clock_mono_ns() + 20 * NS_PER_S;

    while (!child_step(&k->child, true, clock_mono_ns() + ahead)) {
        struct pollfd polled[2];
        nfds_t n = child_wants(&k->child, polled);

        if (clock_mono_ns() > end)
            return false;
        poll(polled, n, n == 0 ? 1 : STEP_MS);
    }
    child_outcome(&k->child, &k->result);
    return true;
}

static void run_shell(struct kit *k, const char *script, struct str body)
{
    err_clear(&k->err);
    UNIT_STATUS(STATUS_OK, start_shell(k, script, body, 60), &k->err);
    UNIT_TRUE(over(k, 0));
}

static void ended(const struct kit *k, enum result_end end, int code)
{
    UNIT_INT(end, k->result.end);
    UNIT_INT(code, k->result.code);
}

UNIT_TEST(a_hook_reads_the_body_byte_for_byte_and_may_read_it_twice)
{
    struct kit k;

    UNIT_REQUIRE(kit_open(&k));
    run_shell(&k, "cat; cat <&0; exec 0</proc/self/fd/0; od -An -tx1 | tr -d ' \\n'",
              STR("a\0b\n\xff\r"));
    ended(&k, RESULT_EXIT, 0);
    UNIT_INT(6 + 12, k.result.out_tail.len);
    UNIT_TRUE(memcmp(k.result.out_tail.ptr, "a\0b\n\xff\r6100620aff0d", 18) == 0);
    kit_close(&k);
}

UNIT_TEST(stdout_and_stderr_are_kept_apart_and_their_ends_are_kept)
{
    char expected[RESULT_TAIL_MAX];
    struct kit k;

    UNIT_REQUIRE(kit_open(&k));
    run_shell(&k, "echo out; echo err >&2; exit 7", STR(""));
    ended(&k, RESULT_EXIT, 7);
    UNIT_STR("out\n", k.result.out_tail);
    UNIT_STR("err\n", k.result.err_tail);
    memset(expected, 'x', sizeof expected);
    for (int more = 0; more < 2; more++) {
        char script[128];

        snprintf(script, sizeof script,
                 "printf '%s'; head -c %d /dev/zero | tr '\\0' x; head -c 200000 /dev/zero >&2",
                 more == 1 ? "ab" : "a", RESULT_TAIL_MAX - 1);
        run_shell(&k, script, STR(""));
        UNIT_INT(RESULT_TAIL_MAX, k.result.out_tail.len);
        UNIT_INT(more == 1 ? 'b' : 'a', k.result.out_tail.ptr[0]);
        UNIT_TRUE(memcmp(k.result.out_tail.ptr + 1, expected, sizeof expected - 1) == 0);
        UNIT_INT(RESULT_TAIL_MAX, k.result.err_tail.len);
    }
    kit_close(&k);
}

UNIT_TEST(a_hook_has_four_descriptors_its_environment_and_a_group_of_its_own)
{
    struct kit k;
    char *resolved = realpath(unit_folder(), NULL);
    char expected[512];
    int stray;

    UNIT_REQUIRE(kit_open(&k));
    stray = open("/dev/null", O_RDONLY);
    run_shell(
        &k,
        "exec 2>&1; /usr/bin/env | grep -v '^PWD=\\|^_=\\|^OLDPWD='; umask; pwd -P; ulimit -c;"
        /* Neither in a pipe, whose ends the shell holds meanwhile, nor by a program that looks at
           its shell, which may block signals until it knows that this program has begun. */
        "ls /proc/$$/fd;"
        "read -r stat </proc/$$/stat; set -- $stat; test $$ = $5 && test $$ = $6 && echo own;"
        /* Signals 32 and 33 are the C library's own, which lets nobody change them: what our caller
           did to them stays. */
        "while read -r name value; do case $name in SigBlk: | SigIgn:)"
        " case $value in 000000018*) value=000000000${value#000000018};; esac; echo $value;; esac;"
        " done </proc/$$/status",
        STR(""));
    snprintf(expected, sizeof expected,
             "ONE=1\n0077\n%s\n0\n0\n1\n2\n3\nown\n0000000000000000\n0000000000000000\n",
             resolved == NULL ? "" : resolved);
    UNIT_STR(expected, k.result.out_tail);
    close(stray);
    free(resolved);
    kit_close(&k);
}

UNIT_TEST(the_slot_says_the_pid_before_the_hook_begins)
{
    struct kit k;
    char expected[64];

    UNIT_REQUIRE(kit_open(&k));
    run_shell(&k, "cut -d ' ' -f 1-4 /proc/self/fd/3 | tr -s ' '; cut -d ' ' -f 22 /proc/$$/stat",
              STR(""));
    UNIT_REQUIRE(k.result.out_tail.len > 0);
    snprintf(expected, sizeof expected, "1:103 1 %ld ", (long)k.child.pid);
    UNIT_TRUE(str_starts(k.result.out_tail, expected));
    {
        struct str first, second, rest = k.result.out_tail;

        (void)str_cut(rest, '\n', &first, &rest);
        (void)str_cut(rest, '\n', &second, &rest);
        UNIT_TRUE(second.len > 0 && first.len > second.len);
        UNIT_TRUE(memcmp(first.ptr + first.len - second.len, second.ptr, second.len) == 0);
    }
    kit_close(&k);
}

UNIT_TEST(a_signal_is_told_from_an_exit)
{
    struct kit k;

    UNIT_REQUIRE(kit_open(&k));
    run_shell(&k, "kill -KILL $$", STR(""));
    ended(&k, RESULT_SIGNAL, SIGKILL);
    run_shell(&k, "exit 137", STR(""));
    ended(&k, RESULT_EXIT, 137);
    kit_close(&k);
}

UNIT_TEST(a_program_that_cannot_be_executed_is_no_fault_of_the_event)
{
    char path[160], text[160];
    char *argv[] = {path, NULL};
    struct kit k;
    int fd;

    UNIT_REQUIRE(kit_open(&k));
    snprintf(path, sizeof path, "%s/hook", unit_folder());
    UNIT_STATUS(STATUS_CONFIG, start(&k, argv, STR(""), 60, 0), &k.err);
    fd = open(path, O_WRONLY | O_CREAT, 0644);
    UNIT_REQUIRE(fd >= 0);
    UNIT_STATUS(STATUS_CONFIG, start(&k, argv, STR(""), 60, 0), &k.err);
    fchmod(fd, 0757);
    UNIT_STATUS(STATUS_UNTRUSTED, start(&k, argv, STR(""), 60, 0), &k.err);
    fchmod(fd, 0755);
    snprintf(text, sizeof text, "#!%s/no-interpreter\n", unit_folder());
    UNIT_TRUE(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    err_clear(&k.err);
    close(fd);
    UNIT_STATUS(STATUS_CONFIG, start(&k, argv, STR(""), 60, 0), &k.err);
    UNIT_TRUE(strstr(k.err.text, "first line") != NULL);
    /* A command that a script lacks is the script's own failure. */
    run_shell(&k, "exit 126", STR(""));
    ended(&k, RESULT_EXIT, 126);
    UNIT_INT(-1, waitpid(-1, NULL, WNOHANG));
    kit_close(&k);
}

UNIT_TEST(arguments_that_are_too_many_are_no_fault_of_the_program)
{
    char true_path[] = "/bin/true";
    char *big = malloc(200 * 1024);
    char *argv[] = {true_path, big, NULL};
    struct kit k;

    UNIT_REQUIRE(big != NULL && kit_open(&k));
    memset(big, 'x', 200 * 1024 - 1);
    big[200 * 1024 - 1] = '\0';
    UNIT_STATUS(STATUS_LIMIT, start(&k, argv, STR(""), 60, 0), &k.err);
    free(big);
    kit_close(&k);
}

UNIT_TEST(memory_is_limited_where_that_is_wanted)
{
    char shell[] = "/bin/sh", flag[] = "-c", script[] = "ulimit -v";
    char *argv[] = {shell, flag, script, NULL};
    struct kit k;

    UNIT_REQUIRE(kit_open(&k));
    UNIT_STATUS(STATUS_OK, start(&k, argv, STR(""), 60, (uint64_t)64 << 20), &k.err);
    UNIT_REQUIRE(over(&k, 0));
    UNIT_STR("65536\n", k.result.out_tail);
    kit_close(&k);
}

UNIT_TEST(a_hook_is_stopped_with_all_that_it_started_when_its_time_is_up)
{
    struct kit k;
    uint64_t now;

    UNIT_REQUIRE(kit_open(&k));
    UNIT_STATUS(STATUS_OK,
                start_shell(&k,
                            "(trap '' TERM; echo child; while :; do sleep 1; done) & "
                            "trap 'echo told; exit 3' TERM; while :; do sleep 1; done",
                            STR(""), 30),
                &k.err);
    now = clock_mono_ns();
    /* Both have set their traps once the child has spoken and its parent has had a while. */
    for (int i = 0; i < 500 && k.child.out.len == 0; i++) {
        UNIT_FALSE(child_step(&k.child, true, now));
        poll(NULL, 0, STEP_MS / 4);
    }
    UNIT_FALSE(child_step(&k.child, true, now + 29 * NS_PER_S));
    UNIT_INT(CHILD_RUNS, k.child.phase);
    UNIT_FALSE(child_step(&k.child, true, now + 31 * NS_PER_S));
    UNIT_INT(CHILD_STOPPING, k.child.phase);
    UNIT_FALSE(child_step(&k.child, true, now + 31 * NS_PER_S + CHILD_TERM_NS - 1));
    UNIT_INT(0, kill(-k.child.pid, 0));
    UNIT_REQUIRE(over(&k, 31 * NS_PER_S + CHILD_TERM_NS));
    ended(&k, RESULT_TIMEOUT, 0);
    /* The kernel may take a moment to be done with the killed. */
    for (int i = 0; i < 500 && kill(-k.child.pid, 0) == 0; i++)
        poll(NULL, 0, STEP_MS / 4);
    UNIT_INT(-1, kill(-k.child.pid, 0));
    kit_close(&k);
}

/* What it does on SIGTERM may well be to leave in good order, with its work half done. */
UNIT_TEST(a_hook_that_exits_with_0_when_its_time_is_up_has_not_succeeded)
{
    struct kit k;
    uint64_t now;

    UNIT_REQUIRE(kit_open(&k));
    UNIT_STATUS(
        STATUS_OK,
        start_shell(&k, "trap 'exit 0' TERM; echo ready; while :; do sleep 1; done", STR(""), 30),
        &k.err);
    now = clock_mono_ns();
    for (int i = 0; i < 500 && k.child.out.len == 0; i++) {
        UNIT_FALSE(child_step(&k.child, true, now));
        poll(NULL, 0, STEP_MS / 4);
    }
    UNIT_FALSE(child_step(&k.child, true, now + 31 * NS_PER_S));
    /* It has ended before it would be killed. */
    UNIT_INT(0, waitid(P_PID, (id_t)k.child.pid, &(siginfo_t){0}, WEXITED | WNOWAIT));
    UNIT_REQUIRE(over(&k, 31 * NS_PER_S + CHILD_TERM_NS));
    UNIT_TRUE(WIFEXITED(k.child.wait_status) && WEXITSTATUS(k.child.wait_status) == 0);
    ended(&k, RESULT_TIMEOUT, 0);
    kit_close(&k);
}

UNIT_TEST(a_daemon_that_keeps_the_output_open_does_not_keep_the_hook)
{
    struct kit k;
    pid_t daemon = 0;

    UNIT_REQUIRE(kit_open(&k));
    run_shell(&k, "setsid sleep 60 & echo $!", STR(""));
    ended(&k, RESULT_EXIT, 0);
    UNIT_TRUE(k.result.out_tail.len > 1);
    for (size_t i = 0; i + 1 < k.result.out_tail.len; i++)
        daemon = daemon * 10 + (k.result.out_tail.ptr[i] - '0');
    UNIT_REQUIRE(daemon > 1);
    UNIT_INT(0, kill(daemon, SIGKILL));
    kit_close(&k);
}
