/* SPDX-License-Identifier: MIT
 * test_session - what a verb begins with, and what goes from the configuration to the journal.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "cli/session.h"
#include "core/event_parts.h"
#include "journal_kit.h"
#include "store/intake.h"
#include "unit.h"

static char conf[200], spool_path[200];

static void write_conf(const char *rest)
{
    FILE *f;

    snprintf(conf, sizeof conf, "%s/conf", unit_folder());
    snprintf(spool_path, sizeof spool_path, "%s/spool", unit_folder());
    f = fopen(conf, "w");
    UNIT_REQUIRE(f != NULL);
    UNIT_TRUE(fprintf(f, "spool = \"%s\"\n%s", spool_path, rest) > 0);
    UNIT_INT(0, fclose(f));
}

UNIT_TEST(a_verb_begins_with_the_settings_and_the_spool_that_they_name)
{
    struct err err = ERR_INIT;
    struct session session;

    write_conf("endpoint calls { auth = none }\n");
    UNIT_STATUS(STATUS_OK, spool_create(spool_path, &err), &err);
    UNIT_STATUS(STATUS_OK, session_open(&session, conf, &err), &err);
    UNIT_REQUIRE(err.status == STATUS_OK);
    UNIT_TEXT(conf, session.settings->path);
    UNIT_TEXT(spool_path, session.spool.path);
    session_close(&session);
}

UNIT_TEST(a_verb_does_not_make_a_spool_that_is_missing)
{
    struct err err = ERR_INIT;
    struct session session;

    write_conf("endpoint calls { auth = none }\n");
    UNIT_STATUS(STATUS_CONFIG, session_open(&session, conf, &err), &err);
    UNIT_TRUE(strstr(err.text, spool_path) != NULL);
    UNIT_INT(-1, access(spool_path, F_OK));
}

UNIT_TEST(a_verb_without_a_configuration_names_the_path_that_was_given)
{
    struct err err = ERR_INIT;
    struct session session;

    UNIT_STATUS(STATUS_CONFIG, session_open(&session, "/nonexistent/conf", &err), &err);
    UNIT_TRUE(strstr(err.text, "/nonexistent/conf") != NULL);
    err_clear(&err);
    UNIT_STATUS(STATUS_CONFIG, session_open(&session, "", &err), &err);
}

/* ---- intake */

UNIT_TEST(the_journal_has_the_limits_of_the_configuration)
{
    char program[] = "/bin/true";
    char *hook[] = {program, NULL};
    struct config_endpoint endpoints[2] = {{.hook = NULL}, {.hook = NULL}};
    struct config config = {.segment_max = 12,
                            .free_space_min = 34,
                            .free_space_percent = 1,
                            .keep_s = 56,
                            .endpoints = endpoints,
                            .endpoint_count = 2};
    struct journal_options options = intake_options(&config);

    UNIT_INT(12, options.segment_max);
    UNIT_INT(34, options.reserve.bytes);
    UNIT_INT(1, options.reserve.percent);
    UNIT_INT(56, options.keep_s);
    UNIT_TRUE(options.hold == NULL);
    endpoints[1].hook = hook;
    UNIT_TRUE(intake_options(&config).hold != NULL);
}

UNIT_TEST(an_event_is_recorded_for_the_principal_that_it_was_made_of)
{
    static char name[] = "calls";
    const struct config_endpoint endpoint = {.name = name};
    const struct request request = {.method = METHOD_POST, .remote_addr = STR("127.0.0.1")};
    struct principal *principal = NULL, *other = NULL;
    const struct receipt *receipt = NULL;
    struct event *event = NULL;
    struct err err = ERR_INIT;
    struct kit kit;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, auth_by_operator(&endpoint, &principal, &err), &err);
    UNIT_STATUS(STATUS_OK, auth_by_operator(&endpoint, &other, &err), &err);
    UNIT_STATUS(STATUS_OK,
                event_make(&event, principal, &request, STR(""), STR("{}"), kit.now_ns, &err),
                &err);
    UNIT_STATUS(STATUS_UNAUTHORIZED, intake_late_append(kit.journal, other, event, &receipt, &err),
                &err);
    UNIT_INT(0, kit_count(&kit, event_facts(event)->key));
    err_clear(&err);
    UNIT_STATUS(STATUS_OK, intake_late_append(kit.journal, principal, event, &receipt, &err), &err);
    UNIT_INT(1, kit_count(&kit, event_facts(event)->key));
    event_free(event);
    principal_free(principal);
    principal_free(other);
    kit_close(&kit);
}

UNIT_TEST(an_event_of_bytes_that_all_need_an_escape_is_recorded)
{
    char body[2000], query[2000];
    struct event event = {.facts = {.about = {.kind = EVENT_TRANSCRIPT, .utf8 = true},
                                    .endpoint = "calls",
                                    .remote_addr = STR("127.0.0.1"),
                                    .query = {query, sizeof query},
                                    .body = {body, sizeof body},
                                    .key = "calls transcript escaped -"}};
    const struct config_endpoint endpoint = {.name = (char[]){"calls"}};
    struct principal *principal = NULL;
    const struct receipt *receipt = NULL;
    struct err err = ERR_INIT;
    struct kit kit;

    memset(body, '\x01', sizeof body);
    memset(query, '\x02', sizeof query);
    UNIT_REQUIRE(kit_open(&kit));
    event.facts.received_ns = kit.now_ns;
    UNIT_STATUS(STATUS_OK, auth_by_operator(&endpoint, &principal, &err), &err);
    event.principal = principal;
    UNIT_STATUS(STATUS_OK,
                intake_append(kit.journal, principal, &event, kit.now_ns,
                              clock_mono_ns() + 5 * NS_PER_S, &receipt, &err),
                &err);
    UNIT_REQUIRE(receipt != NULL);
    UNIT_FALSE(receipt_duplicate(receipt));
    UNIT_INT(1, kit_count(&kit, event.facts.key));
    principal_free(principal);
    kit_close(&kit);
}
