/* SPDX-License-Identifier: MIT
 * object - see sandbox/object.h.
 */
#include "sandbox/object.h"

#include <string.h>

#include "base/num.h"
#include "base/text.h"

#define DIGITS_MAX 18

struct collecting {
    struct object *object;
    bool too_many;
    bool twice;
};

static void add_member(void *context, const struct scan_member *member)
{
    struct collecting *c = context;
    struct object *o = c->object;

    for (size_t i = 0; i < o->count; i++)
        c->twice = c->twice || str_eq(o->at[i].name, member->name);
    if (o->count == OBJECT_MEMBERS_MAX)
        c->too_many = true;
    else
        o->at[o->count++] = *member;
}

enum status object_read(struct object *o, struct str text, const char *what, struct err *err)
{
    struct collecting c = {.object = o};
    struct scan_result result;
    enum status status;

    o->count = 0;
    result = scan_json(text, add_member, &c);
    status = scan_object_status(&result, what, err);
    if (status != STATUS_OK)
        return status;
    if (!result.utf8_ok)
        return err_set(err, STATUS_MALFORMED, "%s is not UTF-8", what);
    if (c.twice)
        return err_set(err, STATUS_MALFORMED, "%s names a member twice", what);
    if (c.too_many)
        return err_set(err, STATUS_MALFORMED, "%s has more than %d members", what,
                       OBJECT_MEMBERS_MAX);
    return STATUS_OK;
}

const struct scan_member *object_find(const struct object *o, const char *name)
{
    for (size_t i = 0; i < o->count; i++)
        if (str_is(o->at[i].name, name))
            return &o->at[i];
    return NULL;
}

bool object_true(const struct object *o, const char *name)
{
    const struct scan_member *m = object_find(o, name);

    return m != NULL && m->type == SCAN_TRUE;
}

bool object_number(const struct object *o, const char *name, uint64_t *out)
{
    const struct scan_member *m = object_find(o, name);

    return m != NULL && m->type == SCAN_NUMBER && m->value.len <= DIGITS_MAX &&
           num_u64(m->value, out);
}

bool object_text(const struct object *o, const char *name, struct buf *out)
{
    const struct scan_member *m = object_find(o, name);
    size_t begin = out->len;

    return m != NULL && m->type == SCAN_STRING &&
           text_json_decode(out, (struct str){m->value.ptr + 1, m->value.len - 2}) &&
           out->failed == STATUS_OK && memchr(out->ptr + begin, '\0', out->len - begin) == NULL;
}
