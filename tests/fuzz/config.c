/* SPDX-License-Identifier: MIT
 * config - the text of a configuration file.
 */
#include "core/config/config.h"

#include <stdlib.h>
#include <string.h>

#include "core/url.h"
#include "kit.h"

/* A CGI's environment holds what the sender wrote. None of it may come in. */
#define CANARY_NAME "HTTP_X_CANARY"
#define CANARY "canary-b1946ac92492d234"

static void check_text(const char *text)
{
    FUZZ_REQUIRE(text == NULL || strstr(text, CANARY) == NULL);
}

static void check_list(char *const *list)
{
    for (; list != NULL && *list != NULL; list++)
        check_text(*list);
}

static void check_endpoint(const struct config *config, const struct config_endpoint *e)
{
    size_t len = strlen(e->name);
    bool secret = e->auth_header != NULL || e->auth_query != NULL;

    FUZZ_REQUIRE(len > 0 && len <= CONFIG_NAME_MAX);
    FUZZ_REQUIRE(str_only(str_of(e->name), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "0123456789_-"));
    FUZZ_REQUIRE(config_endpoint(config, str_of(e->name), true) == e);
    FUZZ_REQUIRE((e->scheme == AUTH_STATIC) == secret);
    FUZZ_REQUIRE((e->scheme != AUTH_NONE) == (e->secret_file_count > 0));
    FUZZ_REQUIRE(e->body_max > 0 && e->hook_timeout_s > 0 && e->line > 0);
    FUZZ_REQUIRE(e->url == NULL || url_check(str_of(e->url), "it", NULL) == STATUS_OK);
    FUZZ_REQUIRE(e->hook == NULL || e->hook[0] != NULL);
    for (size_t i = 0; i < e->secret_file_count; i++)
        check_text(e->secret_files[i]);
    check_text(e->auth_header);
    check_text(e->auth_query);
    check_text(e->url);
    check_list(e->hook);
    check_list(e->params);
}

static void warned(void *context, const char *text)
{
    (void)context;
    FUZZ_REQUIRE(text[0] != '\0');
}

static void check_config(const struct config *config)
{
    FUZZ_REQUIRE(config->endpoint_count > 0 && config->endpoint_count <= CONFIG_ENDPOINTS_MAX);
    FUZZ_REQUIRE(config->spool != NULL && config->spool[0] == '/');
    FUZZ_REQUIRE(config->threads > 0 && config->hooks_max > 0 && config->segment_max > 0);
    FUZZ_REQUIRE(url_check_base(str_of(config->api_url), "it", NULL) == STATUS_OK);
    check_text(config->spool);
    check_text(config->runner);
    check_text(config->api_key_file);
    check_text(config->api_url);
    for (size_t i = 0; i < config->endpoint_count; i++)
        check_endpoint(config, &config->endpoints[i]);
    config_review(config, warned, NULL);
}

/* How many endpoints it has; 0 where it is refused. */
static size_t parse(struct str text)
{
    struct config *config = NULL;
    struct err err = ERR_INIT;
    enum status status = config_parse(&config, "FILE", text, &err);
    size_t count;

    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_CONFIG);
    FUZZ_REQUIRE((status == STATUS_OK) == (config != NULL));
    if (config == NULL) {
        FUZZ_REQUIRE(str_starts(str_of(err.text), "FILE:"));
        return 0;
    }
    FUZZ_REQUIRE(err.status == STATUS_OK);
    check_config(config);
    count = config->endpoint_count;
    config_free(config);
    return count;
}

/* What an editor of another system makes of it means the same. */
static void check_spellings(struct str text, size_t count)
{
    struct buf other;

    if (memchr(text.ptr, '\r', text.len) != NULL || str_starts(text, "\xef\xbb\xbf"))
        return;
    buf_init(&other, 2 * text.len + 64);
    buf_add_text(&other, "\xef\xbb\xbf# comment \"'{\r\n");
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n')
            buf_add_char(&other, '\r');
        buf_add_char(&other, text.ptr[i]);
    }
    FUZZ_REQUIRE(other.len > CONFIG_FILE_MAX || parse(buf_str(&other)) == count);
    buf_free(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_str(data, size);

    /* libFuzzer reads along what is compared, and then writes it. */
    if (memmem(text.ptr, text.len, CANARY, sizeof CANARY - 1) != NULL)
        return 0;
    (void)setenv(CANARY_NAME, CANARY, 1);
    check_spellings(text, parse(text));
    return 0;
}
