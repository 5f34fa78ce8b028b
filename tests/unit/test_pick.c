/* SPDX-License-Identifier: MIT */
#include "core/pick.h"
#include "unit.h"

enum { M_ID, M_COUNT_OF, M_DONE, WISHES };

static const struct pick_wish wishes[WISHES] = {
    [M_ID] = PICK("id", PICK_STRING, true),
    [M_COUNT_OF] = PICK("count", PICK_NUMBER, false),
    [M_DONE] = PICK("done", PICK_TYPE(SCAN_TRUE) | PICK_TYPE(SCAN_FALSE), false),
};

static struct picked found[WISHES];

static bool picks(const char *json)
{
    return pick_members(str_of(json), wishes, WISHES, found);
}

UNIT_TEST(members_are_found_by_their_names_and_others_are_skipped)
{
    UNIT_TRUE(picks("{\"x\":{\"id\":1},\"count\":12,\"id\":\"a\\u0062\",\"done\":false}"));
    UNIT_TRUE(str_is(found[M_ID].value, "a\\u0062"));
    UNIT_TRUE(str_is(found[M_COUNT_OF].value, "12"));
    UNIT_INT(SCAN_FALSE, found[M_DONE].type);
    UNIT_TRUE(picks("{\"id\":\"\"}"));
    UNIT_TRUE(found[M_ID].value.ptr != NULL && found[M_ID].value.len == 0);
    UNIT_TRUE(found[M_COUNT_OF].value.ptr == NULL && found[M_DONE].times == 0);
}

UNIT_TEST(a_name_that_is_written_with_escapes_is_the_same_name)
{
    UNIT_TRUE(picks("{\"\\u0069d\":\"a\"}"));
    UNIT_FALSE(picks("{\"id\":\"a\",\"i\\u0064\":\"a\"}"));
}

UNIT_TEST(what_is_broken_missing_twice_there_or_of_another_type_is_not_picked)
{
    UNIT_FALSE(picks("{\"id\":\"a\""));
    UNIT_FALSE(picks("{\"id\":\"a\"}}"));
    UNIT_FALSE(picks("{}"));
    UNIT_FALSE(picks("{\"id\":null}"));
    UNIT_FALSE(picks("{\"id\":\"a\",\"count\":\"12\"}"));
    UNIT_FALSE(picks("{\"id\":\"a\",\"count\":1,\"count\":1}"));
    UNIT_FALSE(picks("[{\"id\":\"a\"}]"));
}

UNIT_TEST(a_scan_counts_what_stands_there_more_than_once)
{
    struct scan_result result =
        pick_scan(STR("{\"id\":1,\"id\":[2],\"count\":\"x\"}"), wishes, WISHES, found);

    UNIT_INT(SCAN_OK, result.verdict);
    UNIT_INT(2, found[M_ID].times);
    UNIT_INT(SCAN_ARRAY, found[M_ID].type);
    UNIT_TRUE(str_is(found[M_ID].value, "[2]"));
    UNIT_TRUE(str_is(found[M_COUNT_OF].value, "x"));
}
