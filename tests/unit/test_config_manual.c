/* SPDX-License-Identifier: MIT
 *
 * The manual page of the configuration, beside the table of keys. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "core/config/config.h"
#include "unit.h"

/* Entries of the page are ".It Ic KEY = Ar TYPE" below ".Ss GLOBAL KEYS" or ".Ss ENDPOINT KEYS". */
struct page {
    struct buf text;
    bool seen[64];
    size_t entries;
};

static bool line_is(struct str entry, const char *word)
{
    struct str line, rest = entry;

    while (rest.ptr != NULL) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (!str_starts(line, ".Ql "))
            continue;
        line.ptr += 4;
        line.len -= 4;
        (void)str_cut(line, ' ', &line, &(struct str){NULL, 0});
        if (str_is(line, word))
            return true;
    }
    return false;
}

static void compare_entry(struct page *page, const char *section, struct str head, struct str entry)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        char expected[128];

        snprintf(expected, sizeof expected, ".It Ic %s = Ar %s", key->name, key->type);
        if (strcmp(key->section, section) != 0 || !str_is(head, expected))
            continue;
        UNIT_FALSE(page->seen[i]);
        page->seen[i] = true;
        if ((*key->initial != '\0' && !line_is(entry, key->initial)) ||
            (*key->least != '\0' && !line_is(entry, key->least)) ||
            (*key->most != '\0' && !line_is(entry, key->most)) ||
            (key->or_zero && !line_is(entry, "0")))
            UNIT_STR("an entry with the default and the range of its row", entry);
        return;
    }
    UNIT_STR("an entry for a key of the table", head);
}

static void compare_page(struct page *page)
{
    struct str rest = buf_str(&page->text);
    const char *section = NULL;
    struct str line;

    while (rest.ptr != NULL) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (str_starts(line, ".Ss ") || str_starts(line, ".Sh "))
            section = str_is(line, ".Ss Global keys")     ? ""
                      : str_is(line, ".Ss Endpoint keys") ? "endpoint"
                                                          : NULL;
        if (section != NULL && str_starts(line, ".It Ic ")) {
            const char *end = rest.ptr == NULL ? NULL : strstr(rest.ptr, "\n.It Ic ");
            const char *close = rest.ptr == NULL ? NULL : strstr(rest.ptr, "\n.Sh ");

            UNIT_REQUIRE(close != NULL);
            if (end == NULL || end > close)
                end = close;
            compare_entry(page, section, line,
                          (struct str){rest.ptr, (size_t)(end + 1 - rest.ptr)});
            page->entries++;
        }
    }
}

UNIT_TEST(the_manual_page_and_the_table_of_keys_say_the_same)
{
    struct page page = {.entries = 0};

    buf_init(&page.text, 1024 * 1024);
    UNIT_REQUIRE(config_key_count <= sizeof page.seen);
    UNIT_INT(0, file_slurp(AT_FDCWD, TEST_SOURCE "/man/stenohook.conf.5", &page.text));
    compare_page(&page);
    UNIT_INT(config_key_count, page.entries);
    for (size_t i = 0; i < config_key_count; i++)
        if (!page.seen[i])
            UNIT_TEXT("an entry of the manual page", config_keys[i].name);
    UNIT_TRUE(strstr(page.text.ptr, "\n.It Ql aai-signature\n") != NULL);
    UNIT_TRUE(strstr(page.text.ptr, "\n.It Ql standard-webhooks\n") != NULL);
    UNIT_TRUE(strstr(page.text.ptr, "\n.It Ql none\n") != NULL);
    buf_free(&page.text);
}

UNIT_TEST(each_row_of_the_table_is_whole)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];

        UNIT_TRUE(key->section != NULL && key->name != NULL && key->initial != NULL);
        UNIT_TRUE(key->least != NULL && key->most != NULL);
    }
}
