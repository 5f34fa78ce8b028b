/* SPDX-License-Identifier: MIT
 * record_head - the members at the head of a line: its key, and after the id the hooks.
 *
 * The queue asks for these of every record, so they are read from where they stand, without search
 * or parser. A body cannot forge them: what comes before it are bytes of our own, and a key has no
 * quotes.
 */
#include <string.h>

#include "base/clock.h"
#include "core/config/config.h"
#include "core/record.h"

static bool take_bytes(struct str *rest, const char *bytes)
{
    size_t len = strlen(bytes);

    if (!str_starts(*rest, bytes))
        return false;
    *rest = (struct str){rest->ptr + len, rest->len - len};
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

/* At least one byte that `is` lets through, at most `max`. */
static bool take_run(struct str *rest, bool (*is)(char c), size_t max, struct str *out)
{
    size_t len = 0;

    while (len < rest->len && len <= max && is(rest->ptr[len]))
        len++;
    if (len == 0 || len > max)
        return false;
    *out = (struct str){rest->ptr, len};
    *rest = (struct str){rest->ptr + len, rest->len - len};
    return true;
}

/* One name of a list, of which `rest` is what follows. */
static bool take_name(struct str *rest, struct str *name)
{
    return take_bytes(rest, "\"") && take_run(rest, is_word, CONFIG_NAME_MAX, name) &&
           take_bytes(rest, "\"");
}

struct str record_key(struct str line)
{
    struct str rest = line, key;

    return take_bytes(&rest, RECORD_KEY_OPEN) && str_cut(rest, '"', &key, &rest) ? key : STR_NONE;
}

struct str record_hooks(struct str line)
{
    struct str key = record_key(line), rest, part;
    const char *list;

    if (key.ptr == NULL)
        return STR_NONE;
    rest = (struct str){key.ptr + key.len, (size_t)(line.ptr + line.len - (key.ptr + key.len))};
    if (!take_bytes(&rest, "\"" RECORD_ID_OPEN) ||
        !take_run(&rest, is_digit, RECORD_ID_MAX, &part) || !take_bytes(&rest, ":") ||
        !take_run(&rest, is_digit, RECORD_ID_MAX, &part) ||
        !take_bytes(&rest, "\"" RECORD_HOOKS_OPEN))
        return STR_NONE;
    list = rest.ptr - 1;
    if (!take_bytes(&rest, "]")) {
        do {
            if (!take_name(&rest, &part))
                return STR_NONE;
        } while (take_bytes(&rest, ","));
        if (!take_bytes(&rest, "]"))
            return STR_NONE;
    }
    return (struct str){list, (size_t)(rest.ptr - list)};
}

bool record_received(struct str line, int64_t *out)
{
    struct str hooks = record_hooks(line), rest, value;
    const char *end;

    if (hooks.ptr == NULL)
        return false;
    end = hooks.ptr + hooks.len;
    rest = (struct str){end, (size_t)(line.ptr + line.len - end)};
    return take_bytes(&rest, ",\"received_at\":\"") && str_cut(rest, '"', &value, &rest) &&
           clock_iso_parse(value, out);
}

bool record_hooks_have(struct str hooks, const char *hook)
{
    struct str rest = hooks, name;

    if (!take_bytes(&rest, "["))
        return false;
    while (take_name(&rest, &name)) {
        if (str_is(name, hook))
            return true;
        if (!take_bytes(&rest, ","))
            return false;
    }
    return false;
}
