/* SPDX-License-Identifier: MIT
 * apart - see apart.h.
 */
#include "apart.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* Out of the way of tests that look at the descriptors which they get. */
#define TEXT_FD_MIN 100
/* Of what a test printed, this much is shown. */
#define TEXT_MAX 16384

void apart_suite(const struct unit_case *test, char out[APART_SUITE_MAX])
{
    static const char prefix[] = "test_";
    const char *slash = strrchr(test->file, '/');
    const char *name = slash == NULL ? test->file : slash + 1;
    char *dot;

    if (strncmp(name, prefix, strlen(prefix)) == 0)
        name += strlen(prefix);
    snprintf(out, APART_SUITE_MAX, "%s", name);
    dot = strrchr(out, '.');
    if (dot != NULL)
        *dot = '\0';
}

const char *apart_file(const char *file)
{
    const char *at = strstr(file, "tests/");

    return at == NULL ? file : at;
}

static int remove_entry(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
    (void)sb;
    (void)type;
    (void)ftw;
    return remove(path);
}

void apart_remove(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* What a user has set up for real runs of our programs is nothing to a test. */
static void forget_user(void)
{
    static const char *const names[] = {
        "ASSEMBLYAI_API_KEY", "CONTENT_LENGTH", "FCGI_WEB_SERVER_ADDRS", "GATEWAY_INTERFACE",
        "REQUEST_METHOD",     "SSL_CERT_FILE",  "STENOHOOK_CONFIG",      "TZ"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    setenv("HOME", "/nonexistent", 1);
}

/* In the new process; does not return. Exits as any program does, so that what sanitizers and
 * coverage do at an exit is done. */
static _Noreturn void run(const struct apart *a, pid_t parent)
{
    int none = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigset_t mask;

    sigemptyset(&mask);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || setpgid(0, 0) != 0 ||
        none < 0 || dup2(none, STDIN_FILENO) < 0 || dup2(a->text, STDOUT_FILENO) < 0 ||
        dup2(a->text, STDERR_FILENO) < 0 || close(none) != 0 ||
        sigprocmask(SIG_SETMASK, &mask, NULL) != 0)
        _exit(1);
    setvbuf(stdout, NULL, _IOLBF, 0);
    forget_user();
    unit_run(a->test, a->folder, a->report, a->text);
    atomic_store(&a->report->ended, true);
    /* Who is or was another user may not be looked into, which the search for leaks does. */
    if (seteuid(getuid()) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)
        _exit(1);
    exit(0);
}

bool apart_start(struct apart *a, const struct unit_case *test, const char *folder)
{
    pid_t parent = getpid();
    int text = memfd_create("unit", MFD_CLOEXEC);

    *a = (struct apart){.test = test, .text = -1, .begun_ns = clock_mono_ns()};
    snprintf(a->folder, sizeof a->folder, "%s", folder);
    if (text < 0)
        return false;
    a->text = fcntl(text, F_DUPFD_CLOEXEC, TEXT_FD_MIN);
    close(text);
    a->report =
        mmap(NULL, sizeof *a->report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (a->report == MAP_FAILED)
        a->report = NULL;
    if (a->text < 0 || a->report == NULL)
        return false;
    fflush(stdout);
    a->pid = fork();
    if (a->pid == 0)
        run(a, parent);
    return a->pid > 0;
}

void apart_kill(struct apart *a)
{
    /* It may not have come to have a group of its own. */
    kill(a->pid, SIGKILL);
    kill(-a->pid, SIGKILL);
    while (waitpid(a->pid, &a->status, 0) < 0 && errno == EINTR)
        ;
    a->pid = 0;
}

bool apart_over(struct apart *a, unsigned seconds)
{
    siginfo_t info = {0};
    uint64_t now = clock_mono_ns();

    if (a->pid == 0)
        return true;
    a->took_ns = now - a->begun_ns;
    if (waitid(P_PID, (id_t)a->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0) {
        if (a->took_ns < seconds * NS_PER_S)
            return false;
        a->hung = true;
    }
    /* Also those that it has left behind, while nobody else can have its number. */
    apart_kill(a);
    apart_remove(a->folder);
    return true;
}

bool apart_passed(const struct apart *a)
{
    return !a->hung && WIFEXITED(a->status) && WEXITSTATUS(a->status) == 0 &&
           atomic_load(&a->report->ended) && atomic_load(&a->report->failures) == 0;
}

static const char *signal_name(int number)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGABRT, "SIGABRT"}, {SIGALRM, "SIGALRM"}, {SIGBUS, "SIGBUS"},
                 {SIGFPE, "SIGFPE"},   {SIGHUP, "SIGHUP"},   {SIGILL, "SIGILL"},
                 {SIGINT, "SIGINT"},   {SIGKILL, "SIGKILL"}, {SIGPIPE, "SIGPIPE"},
                 {SIGSEGV, "SIGSEGV"}, {SIGSYS, "SIGSYS"},   {SIGTERM, "SIGTERM"},
                 {SIGTRAP, "SIGTRAP"}, {SIGXCPU, "SIGXCPU"}, {SIGXFSZ, "SIGXFSZ"}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == number)
            return names[i].name;
    return "a signal";
}

static void tell_text(int fd)
{
    char bytes[TEXT_MAX];
    ssize_t len = pread(fd, bytes, sizeof bytes, 0);
    struct stat sb;
    bool begins = true;

    for (ssize_t i = 0; i < len; i++) {
        if (begins)
            fputs("    ", stdout);
        putchar(bytes[i]);
        begins = bytes[i] == '\n';
    }
    if (!begins)
        putchar('\n');
    if (fstat(fd, &sb) == 0 && sb.st_size > len)
        printf("    (and %lld bytes more)\n", (long long)sb.st_size - (long long)len);
}

void apart_tell(const struct apart *a, unsigned seconds)
{
    bool ended = atomic_load(&a->report->ended);

    tell_text(a->text);
    if (a->hung)
        printf("    hung for %u s%s\n", seconds, ended ? " after it had returned" : "");
    else if (WIFSIGNALED(a->status))
        printf("    killed by %s (%s)\n", signal_name(WTERMSIG(a->status)),
               strsignal(WTERMSIG(a->status)));
    else if (!ended)
        printf("    exited with status %d before it had returned\n", WEXITSTATUS(a->status));
    else if (WEXITSTATUS(a->status) != 0)
        printf("    exited with status %d after it had returned\n", WEXITSTATUS(a->status));
}

void apart_close_text(struct apart *a)
{
    if (a->text >= 0)
        close(a->text);
    a->text = -1;
}

void apart_close(struct apart *a)
{
    apart_close_text(a);
    if (a->report != NULL)
        munmap(a->report, sizeof *a->report);
    a->report = NULL;
}
