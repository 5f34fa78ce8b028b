/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "core/hookenv.h"
#include "unit.h"

static char name[] = "calls";

static struct record usual(void)
{
    return (struct record){.id = STR("1:103"),
                           .kind = STR("transcript"),
                           .subject = STR("5552493-16d8"),
                           .subject_name = "transcript_id",
                           .status = STR("completed"),
                           .received_at = STR("2026-11-23T07:50:18.966Z"),
                           .query = STR("customer_id=7&x=1"),
                           .params = STR("{\"customer_id\":\"7\",\"x\":\"1\"}")};
}

/* All variables, a line each. */
static void made(const char *expected, char **params, const struct record *record, const char *home,
                 const char *lang)
{
    const struct config_endpoint endpoint = {.name = name, .params = params};
    struct hookenv env;
    struct buf all;

    buf_init(&all, (size_t)1 << 20);
    if (hookenv_make(&env, &endpoint, record, 3, home, lang, NULL) != STATUS_OK) {
        UNIT_TRUE(!"an environment was made");
        return;
    }
    for (char **v = env.envp; *v != NULL; v++)
        buf_printf(&all, "%s\n", *v);
    UNIT_TEXT(expected, all.ptr);
    buf_free(&all);
    hookenv_free(&env);
}

/* The value of one variable; NULL: it is not set. */
static char *value_of(const char *variable, char **params, const struct record *record)
{
    const struct config_endpoint endpoint = {.name = name, .params = params};
    size_t len = strlen(variable);
    struct hookenv env;
    char *value = NULL;

    if (hookenv_make(&env, &endpoint, record, 1, NULL, NULL, NULL) != STATUS_OK)
        return NULL;
    for (char **v = env.envp; *v != NULL; v++)
        if (strncmp(*v, variable, len) == 0 && (*v)[len] == '=')
            value = strdup(*v + len + 1);
    hookenv_free(&env);
    return value;
}

static void value_is(const char *expected, const char *variable, char **params,
                     const struct record *record)
{
    char *value = value_of(variable, params, record);

    UNIT_TEXT(expected, value == NULL ? "(not set)" : value);
    free(value);
}

UNIT_TEST(a_hook_gets_these_variables_and_no_other)
{
    char wanted[] = "customer_id", absent[] = "absent";
    char *params[] = {wanted, absent, NULL};
    struct record record = usual();

    made("PATH=" HOOKENV_PATH "\n"
         "HOME=/home/u\n"
         "LANG=C.UTF-8\n"
         "STENOHOOK_EVENT_ID=1:103\n"
         "STENOHOOK_ENDPOINT=calls\n"
         "STENOHOOK_KIND=transcript\n"
         "STENOHOOK_TRANSCRIPT_ID=5552493-16d8\n"
         "STENOHOOK_STATUS=completed\n"
         "STENOHOOK_RECEIVED_AT=2026-11-23T07:50:18.966Z\n"
         "STENOHOOK_ATTEMPT=3\n"
         "STENOHOOK_PARAM_CUSTOMER_ID=7\n"
         "STENOHOOK_PARAMS={\"customer_id\":\"7\",\"x\":\"1\"}\n"
         "STENOHOOK_QUERY=customer_id=7&x=1\n",
         params, &record, "/home/u", "C.UTF-8");
}

UNIT_TEST(what_the_record_does_not_have_is_not_set)
{
    struct record record = {.id = STR("1:103"), .kind = STR("unknown"), .query = STR("")};

    made("PATH=" HOOKENV_PATH "\n"
         "STENOHOOK_EVENT_ID=1:103\n"
         "STENOHOOK_ENDPOINT=calls\n"
         "STENOHOOK_KIND=unknown\n"
         "STENOHOOK_ATTEMPT=3\n"
         "STENOHOOK_QUERY=\n",
         NULL, &record, NULL, NULL);
}

UNIT_TEST(the_id_of_a_session_is_no_transcript_id)
{
    struct record record = usual();

    record.subject_name = "session_id";
    value_is("(not set)", "STENOHOOK_TRANSCRIPT_ID", NULL, &record);
    record.subject_name = NULL;
    value_is("(not set)", "STENOHOOK_TRANSCRIPT_ID", NULL, &record);
}

UNIT_TEST(the_first_of_several_parameters_counts_and_is_decoded)
{
    char wanted[] = "a-b";
    char *params[] = {wanted, NULL};
    struct record record = usual();

    record.query = STR("x=0&a%2Db=one+%26two&a-b=three");
    value_is("one &two", "STENOHOOK_PARAM_A_B", params, &record);
    record.query = STR("a-b");
    value_is("", "STENOHOOK_PARAM_A_B", params, &record);
}

UNIT_TEST(hostile_values_are_data_and_nothing_else)
{
    char wanted[] = "p";
    char *params[] = {wanted, NULL};
    struct record record = usual();

    record.query = STR("p=%0aPATH%3D/evil%0a'%22%24(id)%60id%60;%7c%3e");
    value_is("\nPATH=/evil\n'\"$(id)`id`;|>", "STENOHOOK_PARAM_P", params, &record);
    value_is(HOOKENV_PATH, "PATH", params, &record);
    record.query = STR("p=()%20%7b%20:;%7d;%20id&PATH=/evil&LD_PRELOAD=/evil&=x&%3d=y");
    value_is("() { :;}; id", "STENOHOOK_PARAM_P", params, &record);
    value_is("(not set)", "LD_PRELOAD", params, &record);
    value_is("(not set)", "STENOHOOK_PARAM_PATH", params, &record);
}

UNIT_TEST(nul_and_bytes_that_are_no_utf_8_become_replacement_characters)
{
    char wanted[] = "p";
    char *params[] = {wanted, NULL};
    struct record record = usual();

    record.query = STR("p=a%00b%00");
    value_is("a\xef\xbf\xbd"
             "b\xef\xbf\xbd",
             "STENOHOOK_PARAM_P", params, &record);
    record.query = STR("p=%ff%c3%a9%c3");
    value_is("\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd", "STENOHOOK_PARAM_P", params, &record);
    record.status = STR("a\0b");
    value_is("a\xef\xbf\xbd"
             "b",
             "STENOHOOK_STATUS", params, &record);
}

static char *filled(const char *prefix, size_t len)
{
    size_t head = strlen(prefix);
    char *text = malloc(head + len + 1);

    if (text == NULL)
        return NULL;
    memcpy(text, prefix, head);
    memset(text + head, 'v', len);
    text[head + len] = '\0';
    return text;
}

static void length_of_param(size_t given, bool is_set)
{
    char wanted[] = "p";
    char *params[] = {wanted, NULL};
    struct record record = usual();
    char *query = filled("p=", given);
    char *value;

    UNIT_REQUIRE(query != NULL);
    record.query = str_of(query);
    value = value_of("STENOHOOK_PARAM_P", params, &record);
    UNIT_TRUE((value != NULL) == is_set);
    if (value != NULL)
        UNIT_INT(given, strlen(value));
    free(value);
    free(query);
}

UNIT_TEST(a_value_is_whole_up_to_its_limit_and_left_out_beyond)
{
    length_of_param(HOOKENV_VALUE_MAX, true);
    length_of_param(HOOKENV_VALUE_MAX + 1, false);
}

UNIT_TEST(all_variables_together_stay_below_their_limit)
{
    char a[] = "a", b[] = "b", c[] = "c";
    char *params[] = {a, b, c, NULL};
    const struct config_endpoint endpoint = {.name = name, .params = params};
    struct record record = usual();
    struct hookenv env;
    size_t total = 0;
    struct buf query;

    buf_init(&query, (size_t)1 << 20);
    for (char **p = params; *p != NULL; p++) {
        char *one = filled(p == params ? "a=" : p == params + 1 ? "&b=" : "&c=", HOOKENV_VALUE_MAX);

        UNIT_REQUIRE(one != NULL);
        buf_add_text(&query, one);
        free(one);
    }
    record.query = buf_str(&query);
    UNIT_STATUS(STATUS_OK, hookenv_make(&env, &endpoint, &record, 1, NULL, NULL, NULL), NULL);
    for (char **v = env.envp; *v != NULL; v++)
        total += strlen(*v) + 1;
    UNIT_TRUE(total <= HOOKENV_TOTAL_MAX);
    UNIT_TRUE(total > 2 * HOOKENV_VALUE_MAX);
    hookenv_free(&env);
    value_is("1:103", "STENOHOOK_EVENT_ID", params, &record);
    value_is("(not set)", "STENOHOOK_PARAM_C", params, &record);
    value_is("{\"customer_id\":\"7\",\"x\":\"1\"}", "STENOHOOK_PARAMS", params, &record);
    buf_free(&query);
}

UNIT_TEST(names_of_variables_are_made_of_letters_digits_and_underscores)
{
    char out[HOOKENV_NAME_MAX] = "untouched";
    char *longest = filled("", HOOKENV_NAME_MAX - 1 - (sizeof "STENOHOOK_PARAM_" - 1));
    char *too_long = filled("", HOOKENV_NAME_MAX - (sizeof "STENOHOOK_PARAM_" - 1));

    UNIT_REQUIRE(longest != NULL && too_long != NULL);
    UNIT_FALSE(hookenv_param_name(out, ""));
    UNIT_FALSE(hookenv_param_name(out, "a=b"));
    UNIT_FALSE(hookenv_param_name(out, "a b"));
    UNIT_FALSE(hookenv_param_name(out, "\xc3\xa9"));
    UNIT_FALSE(hookenv_param_name(out, too_long));
    UNIT_TEXT("untouched", out);
    UNIT_TRUE(hookenv_param_name(out, "customer-id.2_X"));
    UNIT_TEXT("STENOHOOK_PARAM_CUSTOMER_ID_2_X", out);
    UNIT_TRUE(hookenv_param_name(out, longest));
    UNIT_INT(HOOKENV_NAME_MAX - 1, strlen(out));
    free(longest);
    free(too_long);
}
