/* SPDX-License-Identifier: MIT
 * json - see remote/json.h.
 */
#include "remote/json.h"

#include <json_object.h>
#include <json_tokener.h>
#include <string.h>

#include "base/text.h"
#include "core/pick.h"

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
    if (!text_json_decode(&text, raw))
        status = err_set(err, STATUS_MALFORMED, "a string is not a JSON string");
    else
        status = buf_status(&text, "a JSON string", err);
    if (status == STATUS_OK) {
        *out = json_object_new_string_len(text.ptr, (int)text.len);
        if (*out == NULL)
            status = no_memory(err);
    }
    buf_free(&text);
    return status;
}

/* ---- reading a document */

static enum status add_member(struct json_object *document, const char *name,
                              const struct picked *member, const char *what, struct err *err)
{
    struct json_object *value = NULL;
    bool is_string = member->type == SCAN_STRING;
    size_t max = is_string ? JSON_STRING_MAX : JSON_MEMBER_MAX;
    enum status status;

    if (member->times > 1)
        return err_set(err, STATUS_MALFORMED, "%s names '%s' twice", what, name);
    if (member->value.len + (is_string ? 2 : 0) > max) /* quotes count */
        return err_set(err, STATUS_MALFORMED, "%s: '%s' is larger than %zu bytes", what, name, max);
    status = is_string ? parse_string(&value, member->value, err)
                       : parse(&value, member->value, what, err);
    if (status == STATUS_OK && json_object_object_add(document, name, value) != 0) {
        json_object_put(value);
        status = no_memory(err);
    }
    return status;
}

enum status json_read(struct json **out, struct str text, const char *const *names,
                      const char *what, struct err *err)
{
    struct pick_wish wishes[JSON_NAMES_MAX] = {{STR_NONE, 0, false}};
    struct picked found[JSON_NAMES_MAX];
    struct json_object *document;
    struct scan_result result;
    enum status status;
    size_t count = 0;

    for (; names[count] != NULL; count++)
        wishes[count].name = str_of(names[count]);
    result = pick_scan(text, wishes, count, found);
    status = scan_object_status(&result, what, err);
    if (status != STATUS_OK)
        return status;
    document = json_object_new_object();
    if (document == NULL)
        status = no_memory(err);
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        if (found[i].times > 0)
            status = add_member(document, names[i], &found[i], what, err);
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
