/* SPDX-License-Identifier: MIT
 * members - see remote/members.h.
 */
#include "remote/members.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/scan.h"

void members_init(struct members *m)
{
    m->count = 0;
}

static void wipe_value(char *value)
{
    if (value != NULL)
        explicit_bzero(value, strlen(value));
    free(value);
}

void members_free(struct members *m)
{
    for (size_t i = 0; i < m->count; i++) {
        free(m->at[i].name);
        wipe_value(m->at[i].value);
    }
    m->count = 0;
}

static size_t index_of(const struct members *m, struct str name)
{
    size_t i = 0;

    while (i < m->count && !str_is(name, m->at[i].name))
        i++;
    return i;
}

enum status members_json(struct members *m, struct str name, struct str value, struct err *err)
{
    size_t i = index_of(m, name);
    char *copy;

    if (i == MEMBERS_MAX)
        return err_set(err, STATUS_USAGE, "more than %d members", MEMBERS_MAX);
    if (value.len > MEMBERS_VALUE_MAX)
        return err_set(err, STATUS_USAGE, "a member of more than %zu bytes", MEMBERS_VALUE_MAX);
    copy = str_dup(value);
    if (copy != NULL && i == m->count)
        m->at[i].name = str_dup(name);
    if (copy == NULL || m->at[i].name == NULL) {
        wipe_value(copy);
        return err_set(err, STATUS_MEMORY, "no memory for a member");
    }
    if (i < m->count)
        wipe_value(m->at[i].value);
    else
        m->count++;
    m->at[i].value = copy;
    return STATUS_OK;
}

enum status members_text(struct members *m, struct str name, struct str value, struct err *err)
{
    struct buf quoted;
    enum status status;

    if (!text_utf8_ok(value))
        return err_set(err, STATUS_USAGE, "a member's value is not UTF-8");
    buf_init(&quoted, MEMBERS_VALUE_MAX);
    text_json(&quoted, value);
    status = buf_status(&quoted, "a member", NULL);
    if (status == STATUS_OK)
        status = members_json(m, name, buf_str(&quoted), err);
    else if (status == STATUS_LIMIT)
        status = err_set(err, STATUS_USAGE, "a member of more than %zu bytes", MEMBERS_VALUE_MAX);
    else
        status = err_set(err, status, "no memory for a member");
    buf_wipe(&quoted);
    return status;
}

enum status members_param(struct members *m, struct str param, struct err *err)
{
    struct str name, value;

    if (!str_cut(param, '=', &name, &value) || name.len == 0 || !text_utf8_ok(param))
        return err_set(err, STATUS_USAGE, "invalid member '%.*s' (use name=value)",
                       (int)(param.len < 100 ? param.len : 100), param.ptr);
    if (scan_json(value, NULL, NULL).verdict == SCAN_OK)
        return members_json(m, name, value, err);
    return members_text(m, name, value, err);
}

void members_print(const struct members *m, struct buf *out)
{
    buf_add_char(out, '{');
    for (size_t i = 0; i < m->count; i++) {
        buf_add_text(out, i == 0 ? "" : ", ");
        text_json(out, str_of(m->at[i].name));
        buf_add_text(out, ": ");
        buf_add_text(out, m->at[i].value);
    }
    buf_add_char(out, '}');
}
