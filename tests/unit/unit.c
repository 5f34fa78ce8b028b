/* SPDX-License-Identifier: MIT
 * unit - what a test calls, see unit.h; and how it is run in its own process.
 */
#include "unit.h"

#include <CUnit/CUnit.h>
#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apart.h"

#define FAILURE_MAX 1200

static struct apart_report *report;
static int report_fd;
static char folder[APART_FOLDER_MAX];
static bool folder_is_there;

void unit_run(const struct unit_case *test, const char *folder_path, struct apart_report *out,
              int out_fd)
{
    char name[APART_SUITE_MAX];
    CU_pSuite suite;
    CU_pTest entry;

    report = out;
    report_fd = out_fd;
    snprintf(folder, sizeof folder, "%s", folder_path);
    apart_suite(test, name);
    if (CU_initialize_registry() != CUE_SUCCESS)
        abort();
    suite = CU_add_suite(name, NULL, NULL);
    entry = suite == NULL ? NULL : CU_add_test(suite, test->name, test->run);
    if (entry == NULL || CU_run_test(suite, entry) != CUE_SUCCESS)
        abort();
    CU_cleanup_registry();
    unit_fresh_folder();
}

void unit_fresh_folder(void)
{
    if (folder_is_there)
        apart_remove(folder);
    folder_is_there = false;
}

const char *unit_folder(void)
{
    if (!folder_is_there && mkdir(folder, 0700) != 0) {
        dprintf(report_fd, "cannot make the test's folder %s: %s\n", folder, strerror(errno));
        abort();
    }
    folder_is_there = true;
    return folder;
}

/* At once, since the test may crash later. */
__attribute__((format(printf, 3, 4))) static void fail(const char *file, unsigned line,
                                                       const char *format, ...)
{
    char text[FAILURE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    atomic_fetch_add(&report->failures, 1);
    dprintf(report_fd, "%s:%u: %s\n", apart_file(file), line, text);
    CU_assertImplementation(CU_FALSE, line, text, file, "", CU_FALSE);
}

static void pass(void)
{
    CU_assertImplementation(CU_TRUE, 0, "", "", "", CU_FALSE);
}

bool unit_may(bool may)
{
    if (!may)
        atomic_store(&report->skipped, true);
    return may;
}

bool unit_root(void)
{
    return unit_may(geteuid() == 0);
}

bool unit_true(bool holds, const char *what, const char *file, unsigned line)
{
    if (holds)
        pass();
    else
        fail(file, line, "expected %s", what);
    return holds;
}

void unit_int(int64_t expected, int64_t actual, const char *what, const char *file, unsigned line)
{
    if (expected == actual)
        pass();
    else
        fail(file, line, "%s: expected %" PRId64 ", got %" PRId64, what, expected, actual);
}

void unit_hex(uint64_t expected, uint64_t actual, const char *what, const char *file, unsigned line)
{
    if (expected == actual)
        pass();
    else
        fail(file, line, "%s: expected %" PRIx64 ", got %" PRIx64, what, expected, actual);
}

void unit_text(const char *expected, const char *actual, const char *what, const char *file,
               unsigned line)
{
    unit_str(str_of(expected), str_of(actual), what, file, line);
}

void unit_str(struct str expected, struct str actual, const char *what, const char *file,
              unsigned line)
{
    if ((expected.ptr == NULL) == (actual.ptr == NULL) && str_eq(expected, actual))
        pass();
    else
        fail(file, line, "%s: expected \"%.*s\"%s, got \"%.*s\"%s (%zu bytes)", what,
             (int)expected.len, expected.ptr == NULL ? "" : expected.ptr,
             expected.ptr == NULL ? " (absent)" : "", (int)actual.len,
             actual.ptr == NULL ? "" : actual.ptr, actual.ptr == NULL ? " (absent)" : "",
             actual.len);
}

void unit_status(enum status expected, enum status actual, const struct err *err, const char *what,
                 const char *file, unsigned line)
{
    if (expected == actual)
        pass();
    else
        fail(file, line, "%s: expected %s, got %s: %s", what, status_name(expected),
             status_name(actual), err == NULL ? "" : err->text);
}
