/* SPDX-License-Identifier: MIT
 * pick - see core/pick.h.
 */
#include "core/pick.h"

#include <string.h>

#include "base/text.h"

struct picking {
    const struct pick_wish *wishes;
    size_t count;
    struct picked *out;
};

static void keep_member(struct picked *out, const struct scan_member *member)
{
    out->value = member->value;
    if (member->type == SCAN_STRING)
        out->value = (struct str){member->value.ptr + 1, member->value.len - 2};
    out->type = member->type;
    out->times++;
}

static void pick_member(void *context, const struct scan_member *member)
{
    const struct picking *p = context;
    bool escaped = memchr(member->name.ptr, '\\', member->name.len) != NULL;

    for (size_t i = 0; i < p->count; i++)
        if (escaped ? text_json_is(member->name, p->wishes[i].name)
                    : str_eq(member->name, p->wishes[i].name)) {
            keep_member(&p->out[i], member);
            return;
        }
}

struct scan_result pick_scan(struct str json, const struct pick_wish *wishes, size_t count,
                             struct picked *out)
{
    struct picking picking = {wishes, count, out};

    memset(out, 0, count * sizeof *out);
    return scan_json(json, pick_member, &picking);
}

bool pick_members(struct str json, const struct pick_wish *wishes, size_t count, struct picked *out)
{
    if (pick_scan(json, wishes, count, out).verdict != SCAN_OK)
        return false;
    for (size_t i = 0; i < count; i++) {
        bool right = out[i].times == 0
                         ? !wishes[i].needed
                         : out[i].times == 1 && (wishes[i].types & PICK_TYPE(out[i].type)) != 0;

        if (!right)
            return false;
    }
    return true;
}
