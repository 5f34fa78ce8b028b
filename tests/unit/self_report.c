/* SPDX-License-Identifier: MIT
 * self_report - what the address sanitizer finds, for tests/unit/self-test. Not part of the unit
 * tests; without that sanitizer there is no such suite.
 */
#include <stdlib.h>

#include "unit.h"

#ifdef __SANITIZE_ADDRESS__

static void *volatile lost;

UNIT_TEST(a_leak_costs_one_test)
{
    lost = malloc(10);
    lost = NULL;
}

UNIT_TEST(a_byte_too_much_costs_one_test)
{
    volatile size_t len = 10;
    volatile char *bytes = malloc(len);

    UNIT_REQUIRE(bytes != NULL);
    bytes[len] = 'x';
    free((void *)(uintptr_t)bytes);
}

UNIT_TEST(without_either_one_passes)
{
    UNIT_TRUE(lost == NULL);
}

#endif
