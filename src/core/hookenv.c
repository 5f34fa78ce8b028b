/* SPDX-License-Identifier: MIT
 * hookenv - see core/hookenv.h.
 */
#include "core/hookenv.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "core/query.h"

#define PARAM_PREFIX "STENOHOOK_PARAM_"
/* PATH, HOME, LANG, those of the event, and some to spare. */
#define FIXED_MAX 16

/* The strings while they are gathered: offsets, since the block moves as it grows. */
struct gather {
    struct buf block;
    size_t *starts;
    size_t count;
    struct buf value;
    bool no_memory;
};

/* Sets `name` to g->value, or omits it. */
static void take_value(struct gather *g, const char *name)
{
    size_t before = g->block.len;

    if (g->value.failed == STATUS_MEMORY || g->block.failed != STATUS_OK)
        g->no_memory = true;
    if (g->value.failed != STATUS_OK || g->no_memory ||
        before + strlen(name) + 1 + g->value.len + 1 > HOOKENV_TOTAL_MAX)
        return;
    buf_add_text(&g->block, name);
    buf_add_char(&g->block, '=');
    buf_add_str(&g->block, buf_str(&g->value));
    buf_add_char(&g->block, '\0');
    g->starts[g->count++] = before;
}

/* What a C string can hold of it. */
static void clean_value(struct buf *out, struct str s)
{
    while (s.len > 0) {
        struct str head;
        bool nul = str_cut(s, '\0', &head, &s);

        text_utf8_lossy(out, head);
        if (!nul)
            return;
        buf_add_text(out, "\xef\xbf\xbd");
    }
}

static void add_variable(struct gather *g, const char *name, struct str value)
{
    if (value.ptr == NULL)
        return;
    buf_reset(&g->value, HOOKENV_VALUE_MAX);
    clean_value(&g->value, value);
    take_value(g, name);
}

static void add_number(struct gather *g, const char *name, uint64_t n)
{
    buf_reset(&g->value, HOOKENV_VALUE_MAX);
    buf_add_u64(&g->value, n);
    take_value(g, name);
}

static bool name_byte(char c, char *out)
{
    if (c >= 'a' && c <= 'z')
        *out = (char)(c - 'a' + 'A');
    else if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')
        *out = c;
    else if (c == '-' || c == '.')
        *out = '_';
    else
        return false;
    return true;
}

bool hookenv_param_name(char out[HOOKENV_NAME_MAX], const char *param)
{
    char name[HOOKENV_NAME_MAX] = PARAM_PREFIX;
    size_t len = sizeof PARAM_PREFIX - 1;

    if (*param == '\0')
        return false;
    for (; *param != '\0'; param++)
        if (len >= sizeof name - 1 || !name_byte(*param, &name[len++]))
            return false;
    memcpy(out, name, sizeof name);
    return true;
}

static enum status add_param(struct gather *g, struct str query, const char *param, struct err *err)
{
    char name[HOOKENV_NAME_MAX];
    struct str encoded;
    struct buf decoded;
    enum status status = STATUS_OK;

    if (!hookenv_param_name(name, param))
        return STATUS_OK;
    (void)query_find(query, str_of(param), &encoded);
    if (encoded.ptr == NULL)
        return STATUS_OK;
    buf_init(&decoded, encoded.len);
    text_percent_decode(&decoded, encoded, true);
    if (decoded.failed == STATUS_OK)
        add_variable(g, name, buf_str(&decoded));
    else
        status = buf_status(&decoded, "a parameter", err);
    buf_free(&decoded);
    return status;
}

static void add_event(struct gather *g, const struct config_endpoint *endpoint,
                      const struct record *record, uint32_t attempt)
{
    add_variable(g, "STENOHOOK_EVENT_ID", record->id);
    add_variable(g, "STENOHOOK_ENDPOINT", str_of(endpoint->name));
    add_variable(g, "STENOHOOK_KIND", record->kind);
    if (record->subject_name != NULL && strcmp(record->subject_name, "transcript_id") == 0)
        add_variable(g, "STENOHOOK_TRANSCRIPT_ID", record->subject);
    add_variable(g, "STENOHOOK_STATUS", record->status);
    add_variable(g, "STENOHOOK_RECEIVED_AT", record->received_at);
    add_number(g, "STENOHOOK_ATTEMPT", attempt);
}

static enum status add_all(struct gather *g, const struct config_endpoint *endpoint,
                           const struct record *record, uint32_t attempt, const char *home,
                           const char *lang, struct err *err)
{
    enum status status = STATUS_OK;

    add_variable(g, "PATH", STR(HOOKENV_PATH));
    add_variable(g, "HOME", str_of(home));
    add_variable(g, "LANG", str_of(lang));
    add_event(g, endpoint, record, attempt);
    for (char **param = endpoint->params; status == STATUS_OK && param != NULL && *param != NULL;
         param++)
        status = add_param(g, record->query, *param, err);
    add_variable(g, "STENOHOOK_PARAMS", record->params);
    add_variable(g, "STENOHOOK_QUERY", record->query);
    if (status == STATUS_OK && (g->no_memory || g->block.failed != STATUS_OK))
        status = err_set(err, STATUS_MEMORY, "no memory for the environment of a hook");
    return status;
}

static enum status fill_hookenv(struct hookenv *out, struct gather *g, struct err *err)
{
    char **envp = calloc(g->count + 1, sizeof *envp);
    char *block = malloc(g->block.len + 1);

    if (envp == NULL || block == NULL) {
        free(envp);
        free(block);
        return err_set(err, STATUS_MEMORY, "no memory for the environment of a hook");
    }
    memcpy(block, g->block.ptr, g->block.len);
    for (size_t i = 0; i < g->count; i++)
        envp[i] = block + g->starts[i];
    *out = (struct hookenv){envp, block};
    return STATUS_OK;
}

enum status hookenv_make(struct hookenv *out, const struct config_endpoint *endpoint,
                         const struct record *record, uint32_t attempt, const char *home,
                         const char *lang, struct err *err)
{
    struct gather g = {.count = 0};
    size_t params = 0;
    enum status status;

    while (endpoint->params != NULL && endpoint->params[params] != NULL)
        params++;
    g.starts = calloc(FIXED_MAX + params, sizeof *g.starts);
    if (g.starts == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the environment of a hook");
    buf_init(&g.block, HOOKENV_TOTAL_MAX);
    buf_init(&g.value, HOOKENV_VALUE_MAX);
    status = add_all(&g, endpoint, record, attempt, home, lang, err);
    if (status == STATUS_OK)
        status = fill_hookenv(out, &g, err);
    buf_free(&g.block);
    buf_free(&g.value);
    free(g.starts);
    return status;
}

void hookenv_free(struct hookenv *env)
{
    free(env->envp);
    free(env->block);
    *env = (struct hookenv){NULL, NULL};
}
