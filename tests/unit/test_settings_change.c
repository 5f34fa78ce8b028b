/* SPDX-License-Identifier: MIT
 * A file that changes while we are reading: the next request sees it.
 */
#include <stdlib.h>

#include "settings/settings.h"
#include "settings_kit.h"
#include "unit.h"

/* What somebody puts into a file; a warning about what was read is the moment for it. */
struct change {
    const char *name, *text;
    unsigned left;
};

static void change_file(void *context, const char *text)
{
    struct change *change = context;

    (void)text;
    if (change->left > 0) {
        change->left--;
        sk_put(change->name, change->text);
    }
}

static const struct settings *current(struct settings_cache *c)
{
    const struct settings *s = NULL;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, settings_current(c, &s, &err), &err);
    return s;
}

/* A secret of few bytes is warned of. Returns the settings after those that were being read when
 * the file was changed. */
static const struct settings *after_change(struct change *change)
{
    struct settings_cache *c = NULL;
    const struct settings *s;

    sk_put_all();
    sk_put("two", "short");
    setenv("STENOHOOK_CONFIG", sk_in("conf"), 1);
    UNIT_STATUS(STATUS_OK, settings_cache_make(&c, change_file, change, NULL), NULL);
    settings_release(current(c));
    UNIT_INT(0, change->left);
    s = current(c);
    settings_cache_free(c);
    unsetenv("STENOHOOK_CONFIG");
    return s;
}

UNIT_TEST(a_secret_that_changes_while_it_is_read_is_read_again)
{
    struct change change = {"two", "the-secret-of-then", 1};
    const struct settings *s = after_change(&change);

    UNIT_REQUIRE(s != NULL);
    UNIT_INT(2, s->secrets[0].count);
    UNIT_STR("the-secret-of-then", s->secrets[0].values[1]);
    settings_release(s);
}

UNIT_TEST(a_configuration_that_changes_while_its_secrets_are_read_is_read_again)
{
    struct change change = {"conf", "spool = \"/then\"\nendpoint b { auth = none }\n", 1};
    const struct settings *s = after_change(&change);

    UNIT_REQUIRE(s != NULL);
    UNIT_TEXT("/then", s->config->spool);
    settings_release(s);
}
