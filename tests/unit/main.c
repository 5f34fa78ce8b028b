/* SPDX-License-Identifier: MIT
 * main - runs unit tests, as many at the same time as there are processors:
 *
 *     unit [-lv] [-j JOBS] [-t SECONDS] [SUITE | SUITE/TEST] ...
 *
 * All of them; or those of a suite; or those of a suite whose name holds TEST, in which a blank
 * stands for an underscore. Prints what fails, in the order of suites and of the tests in their
 * files, then what was skipped, and closes with "N passed, N failed". -v names all; -l lists their
 * names and runs none; after SECONDS a test is said to hang. The exit status is 0 if none failed, 1
 * if one did, 2 if nothing could be run.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apart.h"
#include "base/clock.h"
#include "unit.h"

#define SECONDS_DEFAULT 120
#define JOBS_MAX 64
/* Of the folder that has those of the tests, named by their numbers. */
#define FOLDER_MAX (APART_FOLDER_MAX - 24)
/* How often those that run too long are looked for. */
#define LOOK_NS 200000000L

/* The linker's names for the ends of the section. */
extern const struct unit_case *const __start_unit_cases[];
extern const struct unit_case *const __stop_unit_cases[];

static unsigned seconds = SECONDS_DEFAULT;
static unsigned jobs;
static bool verbose, listing;

static const struct unit_case **tests;
static struct apart *runs;
static size_t count;

static int by_place(const void *left, const void *right)
{
    const struct unit_case *a = *(const struct unit_case *const *)left;
    const struct unit_case *b = *(const struct unit_case *const *)right;
    char suite_a[APART_SUITE_MAX], suite_b[APART_SUITE_MAX];
    int order;

    apart_suite(a, suite_a);
    apart_suite(b, suite_b);
    order = strcmp(suite_a, suite_b);
    return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

/* Whether a sentence holds the part of it, in which blanks stand for underscores. */
static bool holds(const char *sentence, const char *part)
{
    size_t len = strlen(part), i;

    for (; *sentence != '\0'; sentence++) {
        for (i = 0; i < len && sentence[i] == (part[i] == ' ' ? '_' : part[i]); i++)
            ;
        if (i == len)
            return true;
    }
    return len == 0;
}

static bool is_meant(const struct unit_case *test, const char *word)
{
    const char *slash = strchr(word, '/');
    size_t len = slash == NULL ? strlen(word) : (size_t)(slash - word);
    char suite[APART_SUITE_MAX];

    apart_suite(test, suite);
    return strlen(suite) == len && strncmp(suite, word, len) == 0 &&
           (slash == NULL || holds(test->name, slash + 1));
}

static bool is_chosen(const struct unit_case *test, char *const *words)
{
    if (*words == NULL)
        return true;
    for (; *words != NULL; words++)
        if (is_meant(test, *words))
            return true;
    return false;
}

/* Whether each word means a test: a name that is mistyped would look like a success. */
static bool all_mean_something(char *const *words)
{
    for (; *words != NULL; words++) {
        size_t i = 0;

        while (i < count && !is_meant(tests[i], *words))
            i++;
        if (i == count) {
            fprintf(stderr, "unit: no test matches '%s'; unit -l lists all\n", *words);
            return false;
        }
    }
    return true;
}

static bool choose(char *const *words)
{
    size_t all = (size_t)(__stop_unit_cases - __start_unit_cases);

    tests = calloc(all + 1, sizeof *tests);
    runs = calloc(all + 1, sizeof *runs);
    if (tests == NULL || runs == NULL) {
        fprintf(stderr, "unit: no memory\n");
        return false;
    }
    for (size_t i = 0; i < all; i++)
        if (is_chosen(__start_unit_cases[i], words))
            tests[count++] = __start_unit_cases[i];
    qsort(tests, count, sizeof *tests, by_place);
    return all_mean_something(words);
}

/* "suite: the sentence", with blanks. */
static const char *title(const struct unit_case *test)
{
    static char text[300];
    char suite[APART_SUITE_MAX];

    apart_suite(test, suite);
    snprintf(text, sizeof text, "%s: %s", suite, test->name);
    for (char *c = text + strlen(suite); *c != '\0'; c++)
        if (*c == '_')
            *c = ' ';
    return text;
}

static const char *const verdicts[] = {"failed", "skipped", "passed"};
enum verdict { FAILED, SKIPPED, PASSED };
static unsigned counts[3];

static enum verdict verdict_of(const struct apart *a)
{
    if (!apart_passed(a))
        return FAILED;
    return atomic_load(&a->report->skipped) ? SKIPPED : PASSED;
}

static void tell(const struct apart *a)
{
    enum verdict verdict = verdict_of(a);

    counts[verdict]++;
    if (verbose)
        printf("%s %s (%llu ms)\n", verdicts[verdict], title(a->test),
               (unsigned long long)(a->took_ns / NS_PER_MS));
    else if (verdict == FAILED)
        printf("failed %s\n", title(a->test));
    if (verdict == FAILED)
        apart_tell(a, seconds);
}

static bool start(size_t i, const char *folder)
{
    char path[APART_FOLDER_MAX];

    snprintf(path, sizeof path, "%.*s/%zu", FOLDER_MAX, folder, i);
    if (apart_start(&runs[i], tests[i], path))
        return true;
    fprintf(stderr, "unit: cannot start a test: %s\n", strerror(errno));
    return false;
}

/* From the first that was not yet told to the last that was started. */
static void kill_all(size_t from, size_t to)
{
    for (; from < to; from++)
        if (runs[from].pid > 0)
            apart_kill(&runs[from]);
}

/* Runs them, and tells of each as soon as all before it are over. */
static int run_all(const char *folder, const sigset_t *awaited)
{
    static const struct timespec look = {0, LOOK_NS};
    size_t told = 0, started = 0, running = 0;

    while (told < count) {
        int number;

        for (; running < jobs && started < count; running++)
            if (!start(started++, folder)) {
                kill_all(told, started);
                return 2;
            }
        number = sigtimedwait(awaited, NULL, &look);
        if (number > 0 && number != SIGCHLD) {
            kill_all(told, started);
            return 128 + number;
        }
        running = 0;
        for (size_t i = told; i < started; i++)
            running += !apart_over(&runs[i], seconds);
        for (; told < started && runs[told].pid == 0; told++) {
            tell(&runs[told]);
            apart_close_text(&runs[told]);
        }
        fflush(stdout);
    }
    return 0;
}

static int summary(void)
{
    if (counts[SKIPPED] > 0)
        printf("%u skipped, wholly or in part, because they need root, or more than a chroot lets "
               "it do:\n",
               counts[SKIPPED]);
    for (size_t i = 0; i < count; i++)
        if (verdict_of(&runs[i]) == SKIPPED)
            printf("    %s\n", title(tests[i]));
    printf("%u passed, %u failed\n", counts[PASSED], counts[FAILED]);
    return counts[FAILED] == 0 ? 0 : 1;
}

/* In a folder for all of them; other users may pass through it to a test's own. */
static int run_in_folder(void)
{
    const char *base = getenv("TMPDIR");
    char folder[FOLDER_MAX];
    int len, status;
    sigset_t awaited;

    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGHUP);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
    len = snprintf(folder, sizeof folder, "%s/stenohook-unit-XXXXXX", base == NULL ? "/tmp" : base);
    if (len < 0 || (size_t)len >= sizeof folder || mkdtemp(folder) == NULL ||
        chmod(folder, 0711) != 0) {
        perror("unit: cannot make a folder in TMPDIR");
        return 2;
    }
    status = run_all(folder, &awaited);
    apart_remove(folder);
    if (status == 0)
        status = summary();
    for (size_t i = 0; i < count; i++)
        apart_close(&runs[i]);
    return status;
}

static unsigned processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* 0: not a number from 1 to max. */
static unsigned number(const char *text, unsigned max)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    return *end == '\0' && value <= max ? (unsigned)value : 0;
}

static bool read_options(int argc, char **argv)
{
    int option;

    jobs = processors();
    while ((option = getopt(argc, argv, "j:lt:v")) != -1) {
        if (option == 'j')
            jobs = number(optarg, JOBS_MAX);
        else if (option == 't')
            seconds = number(optarg, 86400);
        else if (option == 'l')
            listing = true;
        else if (option == 'v')
            verbose = true;
        else
            jobs = 0;
    }
    if (jobs > 0 && seconds > 0) {
        jobs = jobs > JOBS_MAX ? JOBS_MAX : jobs;
        return true;
    }
    fprintf(stderr, "usage: unit [-lv] [-j JOBS] [-t SECONDS] [SUITE | SUITE/TEST] ...\n");
    return false;
}

int main(int argc, char **argv)
{
    int status = 2;

    if (read_options(argc, argv) && choose(argv + optind)) {
        status = listing ? 0 : run_in_folder();
        for (size_t i = 0; listing && i < count; i++)
            puts(title(tests[i]));
    }
    free(tests);
    free(runs);
    return status;
}
