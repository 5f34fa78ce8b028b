/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "core/event.h"
#include "unit.h"

static struct event_facts named(const char *endpoint, struct str message_id, struct str query,
                                struct str body)
{
    struct event_facts event = {.about.kind = EVENT_UNKNOWN};
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, event_name(&event, endpoint, message_id, query, body, &err), &err);
    return event;
}

UNIT_TEST(the_key_has_endpoint_kind_identity_and_status)
{
    UNIT_TEXT("calls transcript a-1 completed",
              named("calls", STR_NONE, STR(""),
                    STR("{\"transcript_id\":\"a-1\",\"status\":\"completed\"}"))
                  .key);
    UNIT_TEXT("calls redacted_audio /b/c.wav ready",
              named("calls", STR_NONE, STR(""),
                    STR("{\"redacted_audio_url\":\"https://h/b/c.wav?d\",\"status\":\"ready\"}"))
                  .key);
    UNIT_TEXT("x streaming s -",
              named("x", STR_NONE, STR(""), STR("{\"session_id\":\"s\",\"messages\":[]}")).key);
    UNIT_TEXT(
        "x voice_agent e call.ended",
        named("x", STR_NONE, STR(""), STR("{\"event_id\":\"e\",\"event\":\"call.ended\"}")).key);
}

UNIT_TEST(the_query_is_no_part_of_the_key_of_a_known_shape)
{
    struct str body = STR("{\"transcript_id\":\"a\",\"status\":\"error\"}");

    UNIT_TEXT(named("x", STR_NONE, STR("a=1"), body).key,
              named("x", STR_NONE, STR("a=2"), body).key);
}

UNIT_TEST(an_unknown_shape_is_known_by_query_and_body)
{
    struct event_facts event = named("x", STR_NONE, STR("a=1"), STR("{\"x\":1}"));

    /* printf 'a=1\0{"x":1}' | sha256sum */
    UNIT_TEXT("x unknown 81bc81115dcb29dbb2c0dbe82a4cc5946c1e179986b2040dcf0d00a47544e5cd -",
              event.key);
    UNIT_TEXT("", event.about.subject);
    UNIT_TEXT(NULL, event.about.subject_name);
    UNIT_TRUE(strcmp(event.key, named("x", STR_NONE, STR("a=2"), STR("{\"x\":1}")).key) != 0);
    UNIT_TRUE(strcmp(event.key, named("x", STR_NONE, STR("a=1"), STR("{\"x\":2}")).key) != 0);
}

UNIT_TEST(a_signed_message_id_is_the_identity_whatever_the_body_is)
{
    struct event_facts event = named("x", STR("msg_1"), STR("q"),
                                     STR("{\"transcript_id\":\"a\",\"status\":\"completed\"}"));

    UNIT_TEXT("x transcript msg_1 completed", event.key);
    UNIT_TEXT("a", event.about.subject);
    UNIT_TEXT("transcript_id", event.about.subject_name);
    event = named("x", STR("msg_1"), STR("q"), STR("[]"));
    UNIT_TEXT("x unknown msg_1 -", event.key);
    UNIT_TEXT("msg_1", event.about.subject);
    UNIT_TEXT("event_id", event.about.subject_name);
}

UNIT_TEST(an_odd_message_id_is_hashed)
{
    struct event_facts event = named("x", STR("msg 1"), STR("q"), STR("{}"));

    /* printf 'msg 1' | sha256sum */
    UNIT_TEXT("x unknown 41fc70fb6c958bce4865fadd178cb3bb0d82401a247beb8ae6dc9081990a313e -",
              event.key);
    UNIT_TEXT("", event.about.subject);
    UNIT_TEXT(NULL, event.about.subject_name);
}

UNIT_TEST(the_longest_parts_fit_into_the_key)
{
    char endpoint[65], id[EVENT_ID_MAX + 1], status[EVENT_ID_MAX + 1], body[512];
    struct event_facts event;

    memset(endpoint, 'e', sizeof endpoint - 1);
    endpoint[sizeof endpoint - 1] = '\0';
    memset(id, 'i', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    memset(status, 's', sizeof status - 1);
    status[sizeof status - 1] = '\0';
    snprintf(body, sizeof body, "{\"redacted_audio_url\":\"/%s\",\"status\":\"%s\"}", id + 1,
             status);
    event = named(endpoint, STR_NONE, STR(""), str_of(body));
    UNIT_INT(strlen(endpoint) + strlen(" redacted_audio ") + strlen(id) + 1 + strlen(status),
             strlen(event.key));
    UNIT_TEXT(status, event.key + strlen(event.key) - strlen(status));
}

UNIT_TEST(a_key_that_does_not_fit_is_refused)
{
    char endpoint[EVENT_KEY_MAX];
    struct event_facts event = {.about.kind = EVENT_UNKNOWN};
    struct err err = ERR_INIT;
    size_t rest = strlen(" streaming s -");

    memset(endpoint, 'e', sizeof endpoint);
    endpoint[EVENT_KEY_MAX - 1 - rest] = '\0';
    UNIT_INT(
        EVENT_KEY_MAX - 1,
        strlen(
            named(endpoint, STR_NONE, STR(""), STR("{\"session_id\":\"s\",\"messages\":[]}")).key));
    endpoint[EVENT_KEY_MAX - 1 - rest] = 'e';
    endpoint[EVENT_KEY_MAX - rest] = '\0';
    UNIT_STATUS(STATUS_LIMIT,
                event_name(&event, endpoint, STR_NONE, STR(""),
                           STR("{\"session_id\":\"s\",\"messages\":[]}"), &err),
                &err);
    UNIT_TEXT("", event.key);
}

UNIT_TEST(a_body_that_is_refused_leaves_the_event_as_it_was)
{
    struct event_facts event = {.about.kind = EVENT_STREAMING, .key = "kept"};
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_TRUNCATED, event_name(&event, "x", STR_NONE, STR(""), STR("{"), &err), &err);
    err_clear(&err);
    UNIT_STATUS(STATUS_MALFORMED, event_name(&event, "x", STR_NONE, STR(""), STR("}"), &err), &err);
    UNIT_TEXT("kept", event.key);
    UNIT_INT(EVENT_STREAMING, event.about.kind);
}

static const struct str transcript = {
    "{\"transcript_id\":\"a-1\",\"status\":\"completed\"}",
    sizeof "{\"transcript_id\":\"a-1\",\"status\":\"completed\"}" - 1};
static char name[] = "calls";

UNIT_TEST(an_event_is_made_of_the_proof_the_request_and_the_body)
{
    static char agent[] = "HTTP_USER_AGENT=python-requests/2.25.1",
                remote[] = "REMOTE_ADDR=44.238.19.20", type[] = "CONTENT_TYPE=application/json",
                query[] = "QUERY_STRING=token=s&a=1";
    char *const env[] = {agent, remote, type, query, NULL};
    struct config_endpoint endpoint = {.name = name, .scheme = AUTH_NONE};
    struct principal *principal = NULL;
    const struct event_facts *facts;
    struct event *event = NULL;
    struct request request;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, request_parse(&request, env, &err), &err);
    UNIT_STATUS(STATUS_OK, auth_by_operator(&endpoint, &principal, &err), &err);
    UNIT_REQUIRE(principal != NULL);
    UNIT_STATUS(STATUS_TRUNCATED,
                event_make(&event, principal, &request, STR("a=1"), STR("{"), 5, &err), &err);
    UNIT_TRUE(event == NULL);
    err_clear(&err);
    UNIT_STATUS(STATUS_OK, event_make(&event, principal, &request, STR("a=1"), transcript, 5, &err),
                &err);
    UNIT_REQUIRE(event != NULL);
    facts = event_facts(event);
    UNIT_TEXT("calls transcript a-1 completed", facts->key);
    UNIT_TEXT("calls", facts->endpoint);
    UNIT_INT(5, facts->received_ns);
    UNIT_STR("a=1", facts->query);
    UNIT_TRUE(facts->body.ptr == transcript.ptr && facts->body.len == transcript.len);
    UNIT_TRUE(facts->about.utf8);
    UNIT_STR("44.238.19.20", facts->remote_addr);
    UNIT_STR("application/json", facts->content_type);
    UNIT_STR("python-requests/2.25.1", facts->user_agent);
    UNIT_TEXT("rejected", facts->via);
    UNIT_INT(0, facts->hook_count);
    UNIT_TRUE(event_is_of(event, principal));
    event_free(event);
    principal_free(principal);
}

static void is_for_hooks(size_t count, char **hook, struct str body)
{
    const struct request request = {.method = METHOD_POST};
    struct config_endpoint endpoint = {.name = name, .scheme = AUTH_NONE, .hook = hook};
    struct principal *principal = NULL;
    struct event *event = NULL;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, auth_check(&endpoint, NULL, &request, body, 0, &principal, &err), &err);
    UNIT_REQUIRE(principal != NULL);
    UNIT_STATUS(STATUS_OK, event_make(&event, principal, &request, STR(""), body, 5, &err), &err);
    UNIT_REQUIRE(event != NULL);
    UNIT_INT(count, event_facts(event)->hook_count);
    if (count > 0)
        UNIT_TEXT("default", event_facts(event)->hooks[0]);
    event_free(event);
    principal_free(principal);
}

UNIT_TEST(an_event_is_for_the_hook_that_its_endpoint_has)
{
    static char program[] = "/bin/true";
    char *hook[] = {program, NULL};

    is_for_hooks(1, hook, transcript);
    is_for_hooks(0, NULL, transcript);
    is_for_hooks(0, hook, STR("{\"stenohook\":\"trial\",\"event_id\":\"e\"}"));
}

UNIT_TEST(the_names_of_kinds_are_read_back)
{
    enum event_kind kind;

    for (enum event_kind i = EVENT_TRANSCRIPT; i <= EVENT_UNKNOWN; i++) {
        UNIT_TRUE(event_kind_parse(str_of(event_kind_name(i)), &kind));
        UNIT_INT(i, kind);
    }
    UNIT_TEXT("redacted_audio", event_kind_name(EVENT_REDACTED_AUDIO));
    UNIT_FALSE(event_kind_parse(STR("Transcript"), &kind));
    UNIT_FALSE(event_kind_parse(STR(""), &kind));
}
