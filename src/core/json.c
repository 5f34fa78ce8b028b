/* SPDX-License-Identifier: MIT
 * json - see core/json.h.
 */
#include "core/json.h"

#include <json_object.h>
#include <json_tokener.h>
#include <string.h>

#include "base/text.h"
#include "core/scan.h"

/* No name that we look for is longer, even with each of its characters escaped. */
#define NAME_RAW_MAX 384
#define NAME_MAX 64

/* ---- json-c's face */

static struct json_object *theirs(const struct json *value)
{
    return (struct json_object *)(uintptr_t)value;
}

static const struct json *ours(struct json_object *value)
{
    return (const struct json *)value;
}

static enum status no_memory(struct err *err)
{
    return err_set(err, STATUS_MEMORY, "no memory for JSON");
}

/* A value that the scanner has accepted. *out may become NULL, which is json-c's null. */
static enum status parse(struct json_object **out, struct str raw, const char *what,
                         struct err *err)
{
    struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
    struct json_object *value;
    enum json_tokener_error end;

    if (tokener == NULL)
        return no_memory(err);
    /* Not told to be strict, which the scanner has been already: json-c 0.18 then refuses whole
     * numbers that are out of its range, which earlier ones take for the largest. */
    value = json_tokener_parse_ex(tokener, raw.ptr, (int)raw.len);
    /* A number has no end of its own. */
    if (json_tokener_get_error(tokener) == json_tokener_continue)
        value = json_tokener_parse_ex(tokener, " ", 1);
    end = json_tokener_get_error(tokener);
    json_tokener_free(tokener);
    if (end == json_tokener_error_depth)
        return err_set(err, STATUS_MALFORMED, "%s is nested deeper than %d", what, JSON_DEPTH_MAX);
    if (end != json_tokener_success)
        json_object_put(value);
    if (end > json_tokener_continue)
        return err_set(err, STATUS_MALFORMED, "%s: %s", what, json_tokener_error_desc(end));
    /* With nothing to blame in the text, it was memory that json-c lacked. */
    if (end != json_tokener_success)
        return no_memory(err);
    *out = value;
    return STATUS_OK;
}

/* By our own decoder: json-c 0.16 takes the characters whose lower 16 bits are those of a surrogate
 * (U+1DA00), written as a pair of escapes, for broken ones. */
static enum status parse_string(struct json_object **out, struct str raw, struct err *err)
{
    struct buf text;
    enum status status;

    buf_init(&text, JSON_STRING_MAX);
    status = json_decode(raw, &text, err);
    if (status == STATUS_OK) {
        *out = json_object_new_string_len(text.ptr, (int)text.len);
        if (*out == NULL)
            status = no_memory(err);
    }
    buf_free(&text);
    return status;
}

/* ---- reading a document */

struct picked {
    const char *const *names;
    struct str raw[JSON_NAMES_MAX];
    unsigned times[JSON_NAMES_MAX];
    bool memory_short;
};

static void note(struct picked *p, struct str name, struct str value)
{
    for (size_t i = 0; p->names[i] != NULL; i++) {
        if (!str_is(name, p->names[i]))
            continue;
        p->raw[i] = value;
        p->times[i]++;
        return;
    }
}

/* A name may be written with escapes, and is the same name then. */
static void pick(void *context, const struct scan_member *member)
{
    struct picked *p = context;
    struct buf name;

    if (memchr(member->name.ptr, '\\', member->name.len) == NULL) {
        note(p, member->name, member->value);
        return;
    }
    if (member->name.len > NAME_RAW_MAX)
        return;
    buf_init(&name, NAME_MAX);
    if (text_json_decode(&name, member->name) && name.failed == STATUS_OK)
        note(p, buf_str(&name), member->value);
    p->memory_short = p->memory_short || name.failed == STATUS_MEMORY;
    buf_free(&name);
}

static enum status verdict(const struct scan_result *result, const char *what, struct err *err)
{
    switch (result->verdict) {
    case SCAN_OK:
        if (result->type == SCAN_OBJECT)
            return STATUS_OK;
        return err_set(err, STATUS_MALFORMED, "%s is no JSON object", what);
    case SCAN_ENDS_EARLY:
        return err_set(err, STATUS_TRUNCATED, "%s is JSON that ends too early", what);
    case SCAN_TOO_DEEP:
        return err_set(err, STATUS_MALFORMED, "%s is nested deeper than %d", what, SCAN_DEPTH_MAX);
    case SCAN_BROKEN:
        break;
    }
    return err_set(err, STATUS_MALFORMED, "%s is no JSON: byte %zu cannot stand where it does",
                   what, result->offset);
}

static enum status add(struct json_object *document, const struct picked *p, size_t i,
                       const char *what, struct err *err)
{
    struct json_object *value = NULL;
    bool is_string = p->raw[i].ptr[0] == '"';
    size_t max = is_string ? JSON_STRING_MAX : JSON_MEMBER_MAX;
    enum status status;

    if (p->times[i] > 1)
        return err_set(err, STATUS_MALFORMED, "%s names '%s' twice", what, p->names[i]);
    if (p->raw[i].len > max)
        return err_set(err, STATUS_MALFORMED, "%s: '%s' is larger than %zu bytes", what,
                       p->names[i], max);
    status = is_string ? parse_string(&value, p->raw[i], err) : parse(&value, p->raw[i], what, err);
    if (status == STATUS_OK && json_object_object_add(document, p->names[i], value) != 0) {
        json_object_put(value);
        status = no_memory(err);
    }
    return status;
}

enum status json_read(struct json **out, struct str text, const char *const *names,
                      const char *what, struct err *err)
{
    struct picked picked = {.names = names};
    struct scan_result result = scan_json(text, pick, &picked);
    enum status status = verdict(&result, what, err);
    struct json_object *document;

    if (status != STATUS_OK)
        return status;
    document = json_object_new_object();
    if (document == NULL || picked.memory_short)
        status = no_memory(err);
    for (size_t i = 0; status == STATUS_OK && names[i] != NULL; i++)
        if (picked.times[i] > 0)
            status = add(document, &picked, i, what, err);
    if (status == STATUS_OK)
        *out = (struct json *)document;
    else
        json_object_put(document);
    return status;
}

void json_free(struct json *document)
{
    json_object_put(theirs(document));
}

/* ---- values */

const struct json *json_member(const struct json *object, const char *name)
{
    struct json_object *value;

    if (!json_object_is_type(theirs(object), json_type_object) ||
        !json_object_object_get_ex(theirs(object), name, &value))
        return NULL;
    return ours(value);
}

bool json_is_array(const struct json *value)
{
    return json_object_is_type(theirs(value), json_type_array);
}

bool json_is_object(const struct json *value)
{
    return json_object_is_type(theirs(value), json_type_object);
}

size_t json_count(const struct json *array)
{
    return json_is_array(array) ? json_object_array_length(theirs(array)) : 0;
}

const struct json *json_item(const struct json *array, size_t index)
{
    return index < json_count(array) ? ours(json_object_array_get_idx(theirs(array), index)) : NULL;
}

bool json_get_string(const struct json *value, struct str *out)
{
    if (!json_object_is_type(theirs(value), json_type_string))
        return false;
    *out = (struct str){json_object_get_string(theirs(value)),
                        (size_t)json_object_get_string_len(theirs(value))};
    return true;
}

bool json_get_u64(const struct json *value, uint64_t *out)
{
    int64_t number;

    if (!json_object_is_type(theirs(value), json_type_int))
        return false;
    number = json_object_get_int64(theirs(value));
    /* A larger one is given as the largest. */
    if (number < 0 || number == INT64_MAX)
        return false;
    *out = (uint64_t)number;
    return true;
}

enum status json_decode(struct str raw, struct buf *out, struct err *err)
{
    if (!text_json_decode(out, (struct str){raw.ptr + 1, raw.len - 2}))
        return err_set(err, STATUS_MALFORMED, "a string is no JSON string");
    return buf_status(out, "a JSON string", err);
}
