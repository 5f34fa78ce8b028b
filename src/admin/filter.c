/* SPDX-License-Identifier: MIT
 * filter - see admin/filter.h.
 */
#include "admin/filter.h"

#include "cli/print.h"
#include "cli/values.h"
#include "core/event.h"

enum status filter_add(struct filter_list *list, const char *option, const char *text,
                       struct err *err)
{
    struct str rest = str_of(text);
    bool more = true;

    while (more) {
        struct str value;

        more = str_cut(rest, ',', &value, &rest);
        value = str_trim(value);
        if (value.len == 0)
            return err_set(err, STATUS_USAGE,
                           "%s: empty value in '%s' (use one value, or several with commas)",
                           option, text);
        if (list->count == FILTER_VALUES_MAX)
            return err_set(err, STATUS_USAGE, "%s takes at most %d values", option,
                           FILTER_VALUES_MAX);
        list->values[list->count++] = value;
    }
    return STATUS_OK;
}

enum status filter_add_kinds(struct filter_list *list, const char *text, struct err *err)
{
    size_t before = list->count;
    enum status status = filter_add(list, "--kind", text, err);

    for (size_t i = before; status == STATUS_OK && i < list->count; i++)
        status = value_choice("--kind", list->values[i], FILTER_KINDS, err);
    return status;
}

enum status filter_add_hooks(unsigned *hooks, const char *text, struct err *err)
{
    struct filter_list list = {.count = 0};
    enum status status = filter_add(&list, "--hook", text, err);

    for (size_t i = 0; status == STATUS_OK && i < list.count; i++) {
        struct str word = list.values[i];
        enum hook_state state;

        if (str_is(word, "failed"))
            *hooks |= 1U << HOOK_AGAIN | 1U << HOOK_DEAD;
        else if (str_is(word, "retrying"))
            *hooks |= 1U << HOOK_AGAIN;
        else if (hook_state_parse(word, &state))
            *hooks |= 1U << state;
        else
            status = value_choice("--hook", word, FILTER_HOOKS, err);
    }
    return status;
}

bool filter_take(struct filter *filter, int id, const char *value, int64_t now_ns,
                 enum status *status, struct err *err)
{
    switch (id) {
    case FILTER_SINCE:
        filter->has_since = true;
        *status = value_time(&filter->since_ns, "--since", value, now_ns, err);
        return true;
    case FILTER_UNTIL:
        filter->has_until = true;
        *status = value_time(&filter->until_ns, "--until", value, now_ns, err);
        return true;
    case FILTER_KIND:
        *status = filter_add_kinds(&filter->kinds, value, err);
        return true;
    case FILTER_STATUS:
        *status = filter_add(&filter->statuses, "--status", value, err);
        return true;
    case FILTER_ENDPOINT:
        *status = filter_add(&filter->endpoints, "--endpoint", value, err);
        return true;
    case FILTER_HOOK:
        *status = filter_add_hooks(&filter->hooks, value, err);
        return true;
    default:
        return false;
    }
}

bool filter_given(const struct filter *filter)
{
    return filter->has_since || filter->has_until || filter->kinds.count > 0 ||
           filter->statuses.count > 0 || filter->endpoints.count > 0 || filter->hooks != 0;
}

int64_t filter_since(const struct filter *filter)
{
    return filter->has_since ? filter->since_ns : 0;
}

void filter_warn(const struct filter *filter, const struct config *config, const char *config_path)
{
    for (size_t i = 0; i < filter->endpoints.count; i++) {
        struct str name = filter->endpoints.values[i];

        if (config_endpoint(config, name, true) == NULL)
            print_warning("--endpoint: there is no endpoint \"%.*s\" in %s", (int)name.len,
                          name.ptr, config_path);
    }
}

static bool hook_has(const struct filter *filter, const struct record *record)
{
    struct hook_info info;

    if (filter->hooks == 0)
        return true;
    hookview_of(filter->view, record, &info);
    return (filter->hooks & 1U << info.state) != 0;
}

bool filter_list_has(const struct filter_list *list, struct str value)
{
    if (list->count == 0)
        return true;
    if (value.ptr == NULL)
        return false;
    for (size_t i = 0; i < list->count; i++)
        if (str_eq(list->values[i], value))
            return true;
    return false;
}

/* A trial of `stenohook check --url` is shown only if its kind is asked for. */
static bool kind_has(const struct filter *filter, const struct record *record)
{
    if (filter->kinds.count == 0)
        return !str_is(record->kind, event_kind_name(EVENT_TRIAL));
    return filter_list_has(&filter->kinds, record->kind);
}

bool filter_has(const struct filter *filter, const struct record *record)
{
    if (filter->has_since && record->received_ns < filter->since_ns)
        return false;
    if (filter->has_until && record->received_ns >= filter->until_ns)
        return false;
    return kind_has(filter, record) && filter_list_has(&filter->statuses, record->status) &&
           filter_list_has(&filter->endpoints, record->endpoint) && hook_has(filter, record);
}
