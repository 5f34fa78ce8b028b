/* SPDX-License-Identifier: MIT
 * unit - the face of CUnit: tests that register themselves, assertions that print both values, and
 * one temporary folder a test.
 *
 * A suite is one file tests/unit/test_NAME.c. A test's name is a sentence of behaviour, written
 * with underscores, and is typed once:
 *
 *     UNIT_TEST(a_number_with_a_sign_is_refused) { ... }
 *
 * Each test runs in a process of its own (apart.h): what it changes in that process, it changes for
 * itself alone, and a crash or a hang is the failure of that test and of no other.
 */
#ifndef UNIT_H
#define UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct unit_case {
    const char *file;
    unsigned line;
    const char *name;
    void (*run)(void);
};

/* The linker collects the addresses of all cases in one section, where main.c finds them. */
#define UNIT_TEST(sentence)                                                                        \
    static void sentence(void);                                                                    \
    static const struct unit_case unit_case_##sentence = {__FILE__, __LINE__, #sentence,           \
                                                          sentence};                               \
    static const struct unit_case *const unit_at_##sentence                                        \
        __attribute__((section("unit_cases"), used)) = &unit_case_##sentence;                      \
    static void sentence(void)

/* Each goes on after a failure; UNIT_REQUIRE leaves the test. */
#define UNIT_TRUE(e) unit_true(!!(e), #e, __FILE__, __LINE__)
#define UNIT_FALSE(e) unit_true(!(e), "not: " #e, __FILE__, __LINE__)
#define UNIT_REQUIRE(e)                                                                            \
    do {                                                                                           \
        if (!unit_true(!!(e), #e, __FILE__, __LINE__))                                             \
            return;                                                                                \
    } while (0)
/* Leaves the test, or the rest of it, if we are not root. The test then counts as skipped. */
#define UNIT_REQUIRE_ROOT()                                                                        \
    do {                                                                                           \
        if (!unit_root())                                                                          \
            return;                                                                                \
    } while (0)
/* The same if the kernel does not let us do what the test is about, as in a chroot. */
#define UNIT_REQUIRE_MAY(e)                                                                        \
    do {                                                                                           \
        if (!unit_may(e))                                                                          \
            return;                                                                                \
    } while (0)
#define UNIT_INT(expected, actual)                                                                 \
    unit_int((int64_t)(expected), (int64_t)(actual), #actual, __FILE__, __LINE__)
#define UNIT_HEX(expected, actual)                                                                 \
    unit_hex((uint64_t)(expected), (uint64_t)(actual), #actual, __FILE__, __LINE__)
#define UNIT_TEXT(expected, actual) unit_text((expected), (actual), #actual, __FILE__, __LINE__)
#define UNIT_STR(expected, actual) unit_str(str_of(expected), (actual), #actual, __FILE__, __LINE__)
/* A status, with the words of err (may be NULL) if it is another. */
#define UNIT_STATUS(expected, actual, err)                                                         \
    unit_status((expected), (actual), (err), #actual, __FILE__, __LINE__)

bool unit_root(void);
bool unit_may(bool may);
bool unit_true(bool holds, const char *what, const char *file, unsigned line);
void unit_int(int64_t expected, int64_t actual, const char *what, const char *file, unsigned line);
void unit_hex(uint64_t expected, uint64_t actual, const char *what, const char *file,
              unsigned line);
void unit_text(const char *expected, const char *actual, const char *what, const char *file,
               unsigned line);
void unit_str(struct str expected, struct str actual, const char *what, const char *file,
              unsigned line);
void unit_status(enum status expected, enum status actual, const struct err *err, const char *what,
                 const char *file, unsigned line);

/* An empty folder for the running test, removed after it with all that is in it. Absolute path. */
const char *unit_folder(void);
/* Removes it with all that is in it: the next unit_folder makes it again. */
void unit_fresh_folder(void);

#endif
