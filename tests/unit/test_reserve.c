/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "journal_kit.h"
#include "store/spool/reserve.h"
#include "unit.h"

#define MIB ((uint64_t)1024 * 1024)
#define GIB (1024 * MIB)

static struct reserve on(uint64_t bytes, unsigned percent, uint64_t bytes_all, uint64_t inodes_all)
{
    struct reserve_rule rule = {bytes, percent};
    struct file_space space = {.bytes_all = bytes_all, .inodes_all = inodes_all};

    return reserve_of(&rule, &space);
}

UNIT_TEST(a_number_of_the_configuration_stays_exact)
{
    UNIT_INT(5 * MIB, on(5 * MIB, 0, 1000 * GIB, 0).bytes);
    UNIT_INT(2000 * GIB, on(2000 * GIB, 0, 1000 * GIB, 0).bytes);
    UNIT_INT(RESERVE_INODES, on(5 * MIB, 0, GIB, 1000000).inodes);
}

UNIT_TEST(without_one_a_hundredth_of_the_file_system_is_kept_from_16_MiB_to_1_GiB)
{
    UNIT_INT(16 * MIB, on(16 * MIB, 1, 1600 * MIB, 0).bytes);
    UNIT_INT(17 * MIB, on(16 * MIB, 1, 1700 * MIB, 0).bytes);
    UNIT_INT(GIB, on(16 * MIB, 1, 100 * GIB, 0).bytes);
    UNIT_INT(GIB, on(16 * MIB, 1, 100000 * GIB, 0).bytes);
    UNIT_INT(RESERVE_INODES, on(16 * MIB, 1, GIB, 100 * RESERVE_INODES).inodes);
    UNIT_INT(RESERVE_INODES + 1, on(16 * MIB, 1, GIB, 100 * RESERVE_INODES + 100).inodes);
    UNIT_INT(RESERVE_INODES_MOST, on(16 * MIB, 1, GIB, 100000000).inodes);
}

UNIT_TEST(no_reserve_is_kept_of_inodes_that_nobody_counts_or_if_it_is_switched_off)
{
    UNIT_INT(0, on(16 * MIB, 1, GIB, 0).inodes);
    UNIT_INT(0, on(0, 0, GIB, 1000).bytes);
    UNIT_INT(0, on(0, 0, GIB, 1000).inodes);
}

static enum status check(unsigned times, uint64_t len, struct err *err)
{
    struct reserve_rule rule = {1000, 0};

    err_clear(err);
    return reserve_check(0, &rule, times, len, err);
}

UNIT_TEST(what_is_short_is_named_on_both_sides_of_the_reserve)
{
    struct err err = ERR_INIT;

    atomic_store(&kit_free_inodes, 2 * RESERVE_INODES);
    atomic_store(&kit_free_bytes, 2000);
    UNIT_STATUS(STATUS_OK, check(2, 0, &err), &err);
    UNIT_STATUS(STATUS_OK, check(1, 1000, &err), &err);
    UNIT_STATUS(STATUS_NO_SPACE, check(1, 1001, &err), &err);
    UNIT_TRUE(strstr(err.text, "bytes are free") != NULL);
    UNIT_STATUS(STATUS_NO_SPACE, check(1, 2001, &err), &err);
    atomic_store(&kit_free_inodes, 2 * RESERVE_INODES - 1);
    UNIT_STATUS(STATUS_NO_SPACE, check(2, 0, &err), &err);
    UNIT_TRUE(strstr(err.text, "inodes (files) are free") != NULL);
    UNIT_STATUS(STATUS_OK, check(1, 0, &err), &err);
}

UNIT_TEST(a_file_system_that_cannot_be_asked_is_trouble)
{
    struct reserve_rule rule = {1, 0}, none = {0, 1};

    UNIT_STATUS(STATUS_IO, reserve_check(-1, &rule, 1, 0, NULL), NULL);
    UNIT_STATUS(STATUS_OK, reserve_check(-1, &none, 1, 0, NULL), NULL);
}
