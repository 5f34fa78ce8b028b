/* SPDX-License-Identifier: MIT
 * unit - the face of CUnit: assertions that print both values, and one temporary folder a test.
 *
 * A suite is one file tests/unit/test_NAME.c that defines `const struct unit_suite suite_NAME`;
 * main.c lists it. A test's name is a sentence of behaviour, written with underscores:
 * UNIT_TEST(a_number_with_a_sign_is_refused) { ... }
 */
#ifndef UNIT_H
#define UNIT_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct unit_case {
    const char *name;
    void (*run)(void);
};

struct unit_suite {
    const char *name;
    const struct unit_case *cases; /* ends with a NULL name */
};

#define UNIT_TEST(sentence) static void sentence(void)
#define UNIT_CASE(sentence)                                                                        \
    {                                                                                              \
#sentence, sentence                                                                        \
    }
#define UNIT_END                                                                                   \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }

/* Each goes on after a failure; UNIT_REQUIRE leaves the test. */
#define UNIT_TRUE(e) unit_true(!!(e), #e, __FILE__, __LINE__)
#define UNIT_FALSE(e) unit_true(!(e), "not: " #e, __FILE__, __LINE__)
#define UNIT_REQUIRE(e)                                                                            \
    do {                                                                                           \
        if (!unit_true(!!(e), #e, __FILE__, __LINE__))                                             \
            return;                                                                                \
    } while (0)
/* Leaves the test, or the rest of it, where we are not root. That is told, and counted by itself.
 */
#define UNIT_REQUIRE_ROOT()                                                                        \
    do {                                                                                           \
        if (!unit_root())                                                                          \
            return;                                                                                \
    } while (0)
#define UNIT_INT(expected, actual)                                                                 \
    unit_int((int64_t)(expected), (int64_t)(actual), #actual, __FILE__, __LINE__)
#define UNIT_HEX(expected, actual)                                                                 \
    unit_hex((uint64_t)(expected), (uint64_t)(actual), #actual, __FILE__, __LINE__)
#define UNIT_TEXT(expected, actual) unit_text((expected), (actual), #actual, __FILE__, __LINE__)
#define UNIT_STR(expected, actual) unit_str(str_of(expected), (actual), #actual, __FILE__, __LINE__)
/* A status, with the words of err (may be NULL) where it is another. */
#define UNIT_STATUS(expected, actual, err)                                                         \
    unit_status((expected), (actual), (err), #actual, __FILE__, __LINE__)

bool unit_root(void);
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

/* An empty folder for the running test, removed behind it with all that is in it. Absolute path. */
const char *unit_folder(void);
/* Removes it with all that is in it: the next unit_folder makes another. */
void unit_fresh_folder(void);

#endif
