/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault_kit.h"
#include "settings/settings.h"
#include "settings/settings_parts.h"
#include "settings_kit.h"
#include "unit.h"

static struct settings_cache *cache(struct sk_told *told)
{
    struct settings_cache *c = NULL;
    struct err err = ERR_INIT;

    *told = (struct sk_told){0};
    setenv("STENOHOOK_CONFIG", sk_in("conf"), 1);
    UNIT_STATUS(STATUS_OK, settings_cache_make(&c, sk_note, told, &err), &err);
    return c;
}

static const struct settings *current(struct settings_cache *c)
{
    const struct settings *s = NULL;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, settings_current(c, &s, &err), &err);
    return s;
}

static void spool_is(struct settings_cache *c, const char *spool)
{
    const struct settings *s = current(c);

    UNIT_REQUIRE(s != NULL);
    UNIT_TEXT(spool, s->config->spool);
    settings_release(s);
}

static void end(struct settings_cache *c)
{
    settings_cache_free(c);
    unsetenv("STENOHOOK_CONFIG");
}

UNIT_TEST(files_are_read_once_while_they_are_the_same)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);
    const struct settings *a, *b;

    sk_put_all();
    a = current(c);
    b = current(c);
    UNIT_TRUE(a != NULL && a == b);
    UNIT_INT(0, told.count);
    end(c);
    /* Who still holds them may go on. */
    UNIT_TEXT("/spool", a->config->spool);
    settings_release(a);
    settings_release(b);
}

UNIT_TEST(a_changed_file_is_read_again)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);
    const struct settings *old;

    sk_put_all();
    old = current(c);
    UNIT_REQUIRE(old != NULL);
    sk_put("conf", "spool = \"/other\"\nendpoint b { auth = none }\n");
    spool_is(c, "/other");
    UNIT_TEXT("/spool", old->config->spool);
    UNIT_STR("the-first-secret", old->secrets[0].values[0]);
    settings_release(old);
    end(c);
}

UNIT_TEST(a_changed_secret_is_read_again)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);
    const struct settings *s;

    sk_put_all();
    spool_is(c, "/spool");
    sk_put("two", "the-third-secret");
    s = current(c);
    UNIT_REQUIRE(s != NULL);
    UNIT_STR("the-third-secret", s->secrets[0].values[1]);
    settings_release(s);
    UNIT_INT(0, unlink(sk_in("two")));
    s = current(c);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    settings_release(s);
    spool_is(c, "/spool");
    sk_check_told(&told, 1, "two: cannot be opened");
    sk_put("two", "the-former-secret");
    s = current(c);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(2, s->secrets[0].count);
    settings_release(s);
    UNIT_INT(1, told.count);
    end(c);
}

UNIT_TEST(a_broken_new_version_is_told_once_and_the_last_good_one_serves)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);
    const struct settings *s;

    sk_put_all();
    spool_is(c, "/spool");
    sk_put("conf", "spol = \"/other\"\n");
    spool_is(c, "/spool");
    spool_is(c, "/spool");
    sk_check_told(&told, 1, "conf:1: spol: unknown key");
    UNIT_TRUE(strstr(told.last, "stay in use") != NULL);
    sk_put("conf", "spool = \"other\"\n");
    spool_is(c, "/spool");
    spool_is(c, "/spool");
    sk_check_told(&told, 2, "conf:1: spool: \"other\" is not an absolute path");
    /* A secret that is rotated meanwhile counts all the same. */
    sk_put("one", "the-rotated-secret");
    s = current(c);
    UNIT_REQUIRE(s != NULL);
    UNIT_STR("the-rotated-secret", s->secrets[0].values[0]);
    settings_release(s);
    s = current(c);
    UNIT_REQUIRE(s != NULL);
    UNIT_STR("the-rotated-secret", s->secrets[0].values[0]);
    settings_release(s);
    UNIT_INT(2, told.count);
    sk_put("conf", "spool = \"/good\"\nendpoint b { auth = none }\n");
    spool_is(c, "/good");
    UNIT_INT(2, told.count);
    end(c);
}

UNIT_TEST(the_cache_knows_whether_it_serves_what_stands_in_the_file)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);

    UNIT_FALSE(settings_cache_whole(c));
    sk_put_all();
    spool_is(c, "/spool");
    UNIT_TRUE(settings_cache_whole(c));
    UNIT_INT(0, rename(sk_in("conf"), sk_in("aside")));
    sk_put("conf", "spol = \"/other\"\n");
    spool_is(c, "/spool");
    UNIT_FALSE(settings_cache_whole(c));
    /* New secrets below an old version do not make it the new one. */
    sk_put("one", "the-rotated-secret");
    spool_is(c, "/spool");
    UNIT_FALSE(settings_cache_whole(c));
    spool_is(c, "/spool");
    UNIT_FALSE(settings_cache_whole(c));
    UNIT_INT(1, told.count);
    UNIT_INT(0, rename(sk_in("aside"), sk_in("conf")));
    spool_is(c, "/spool");
    UNIT_TRUE(settings_cache_whole(c));
    sk_put("conf", "spool = \"/good\"\nendpoint b { auth = none }\n");
    spool_is(c, "/good");
    UNIT_TRUE(settings_cache_whole(c));
    end(c);
}

UNIT_TEST(a_file_that_vanishes_leaves_the_last_good_one_in_use)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);

    sk_put_all();
    spool_is(c, "/spool");
    UNIT_INT(0, unlink(sk_in("conf")));
    spool_is(c, "/spool");
    spool_is(c, "/spool");
    sk_check_told(&told, 1, "cannot be opened");
    sk_put_all();
    spool_is(c, "/spool");
    UNIT_INT(1, told.count);
    end(c);
}

static void is_untrusted(struct settings_cache *c)
{
    const struct settings *s = NULL;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_UNTRUSTED, settings_current(c, &s, &err), &err);
    UNIT_TRUE(s == NULL && strstr(err.text, "others can write to it") != NULL);
    UNIT_FALSE(settings_cache_whole(c));
}

UNIT_TEST(a_version_that_others_can_change_is_not_used_and_the_last_good_one_neither)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);

    sk_put_all();
    spool_is(c, "/spool");
    UNIT_INT(0, chmod(sk_in("conf"), 0666));
    is_untrusted(c);
    is_untrusted(c);
    UNIT_INT(0, chmod(sk_in("conf"), 0600));
    spool_is(c, "/spool");
    UNIT_TRUE(settings_cache_whole(c));
    /* In a folder that others can write to; mended without a change of the file. */
    UNIT_INT(0, chmod(unit_folder(), 0707));
    sk_put("conf", SK_ENDPOINT);
    is_untrusted(c);
    UNIT_INT(0, chmod(unit_folder(), 0700));
    spool_is(c, "/spool");
    UNIT_INT(0, told.count);
    end(c);
}

UNIT_TEST(a_secret_is_back_when_a_folder_above_it_is_mended)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);
    const struct settings *s = NULL;

    sk_put_all();
    UNIT_INT(0, mkdir(sk_in("open"), 0700));
    UNIT_INT(0, chmod(sk_in("open"), 0707));
    UNIT_INT(0, rename(sk_in("one"), sk_in("open/one")));
    UNIT_INT(0, symlink("open/one", sk_in("one")));
    for (unsigned i = 0; i < 2; i++) {
        UNIT_STATUS(STATUS_OK, settings_current(c, &s, NULL), NULL);
        UNIT_INT(1, s->secrets[0].count);
        settings_release(s);
    }
    UNIT_INT(1, told.count);
    UNIT_INT(0, chmod(sk_in("open"), 0700));
    UNIT_STATUS(STATUS_OK, settings_current(c, &s, NULL), NULL);
    UNIT_INT(2, s->secrets[0].count);
    settings_release(s);
    end(c);
}

static void current_fails(struct settings_cache *c, const char *words)
{
    const struct settings *s = NULL;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_CONFIG, settings_current(c, &s, &err), &err);
    UNIT_TRUE(s == NULL);
    UNIT_INT(STATUS_CONFIG, err.status);
    if (strstr(err.text, words) == NULL)
        UNIT_TEXT(words, err.text);
}

UNIT_TEST(until_there_is_a_good_version_the_failure_is_returned)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);

    current_fails(c, "cannot be opened");
    current_fails(c, "cannot be opened");
    sk_put("conf", "spol = \"/x\"\n");
    current_fails(c, "spol: unknown key");
    current_fails(c, "spol: unknown key");
    sk_put_all();
    spool_is(c, "/spool");
    UNIT_INT(0, told.count);
    end(c);
}

UNIT_TEST(a_file_is_also_found_where_it_appears_later)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);

    current_fails(c, "conf: cannot be opened");
    sk_put_all();
    UNIT_INT(0, rename(sk_in("conf"), sk_in("elsewhere")));
    setenv("STENOHOOK_CONFIG", sk_in("elsewhere"), 1);
    spool_is(c, "/spool");
    end(c);
}

UNIT_TEST(while_no_place_can_be_named_the_failure_is_returned)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);

    sk_put_all();
    setenv("STENOHOOK_CONFIG", "relative", 1);
    current_fails(c, "must be an absolute path");
    setenv("STENOHOOK_CONFIG", sk_in("conf"), 1);
    spool_is(c, "/spool");
    /* Once found it is not looked for again. */
    setenv("STENOHOOK_CONFIG", "relative", 1);
    sk_put("conf", "spool = \"/other\"\nendpoint b { auth = none }\n");
    spool_is(c, "/other");
    end(c);
}

UNIT_TEST(a_version_that_the_system_does_not_let_us_read_is_tried_again_and_told_once)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);

    sk_put_all();
    spool_is(c, "/spool");
    sk_put("conf", "spool = \"/other\"\nendpoint b { auth = none }\n");
    for (int i = 0; i < 2; i++) {
        fault_arm(FAULT_OPENAT, 1, EMFILE);
        spool_is(c, "/spool");
        UNIT_TRUE(fault_disarm());
        UNIT_FALSE(settings_cache_whole(c));
    }
    sk_check_told(&told, 1, "Too many open files (the settings read before stay in use)");
    spool_is(c, "/other");
    UNIT_TRUE(settings_cache_whole(c));
    UNIT_INT(1, told.count);
    end(c);
}

UNIT_TEST(without_a_good_version_a_denial_of_the_system_is_returned_as_that)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);
    const struct settings *s = NULL;

    sk_put_all();
    fault_arm(FAULT_OPENAT, 1, EMFILE);
    UNIT_STATUS(STATUS_IO, settings_current(c, &s, NULL), NULL);
    UNIT_TRUE(fault_disarm() && s == NULL);
    spool_is(c, "/spool");
    UNIT_INT(0, told.count);
    end(c);
}

UNIT_TEST(the_last_good_version_is_whole_again_where_it_is_put_back)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);
    const struct settings *before, *after;

    sk_put_all();
    UNIT_INT(0, rename(sk_in("conf"), sk_in("good")));
    sk_put("broken", "spol = \"/other\"\n");
    UNIT_INT(0, symlink("good", sk_in("conf")));
    before = current(c);
    UNIT_INT(0, symlink("broken", sk_in("to")));
    UNIT_INT(0, rename(sk_in("to"), sk_in("conf")));
    spool_is(c, "/spool");
    UNIT_FALSE(settings_cache_whole(c));
    UNIT_INT(0, symlink("good", sk_in("to")));
    UNIT_INT(0, rename(sk_in("to"), sk_in("conf")));
    after = current(c);
    UNIT_TRUE(settings_cache_whole(c));
    UNIT_TRUE(before == after);
    UNIT_INT(1, told.count);
    settings_release(before);
    settings_release(after);
    end(c);
}

UNIT_TEST(secrets_that_cannot_be_read_anew_stay_as_they_were)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);
    const struct settings *s;

    sk_put_all();
    spool_is(c, "/spool");
    sk_put("conf", "spol = \"/other\"\n");
    spool_is(c, "/spool");
    sk_put("one", "the-rotated-secret");
    fault_arm(FAULT_MEMORY, 1, ENOMEM);
    s = current(c);
    UNIT_TRUE(fault_disarm());
    UNIT_REQUIRE(s != NULL);
    UNIT_STR("the-first-secret", s->secrets[0].values[0]);
    settings_release(s);
    s = current(c);
    UNIT_REQUIRE(s != NULL);
    UNIT_STR("the-rotated-secret", s->secrets[0].values[0]);
    settings_release(s);
    end(c);
}

static enum status reload_secrets(void *context, struct err *err)
{
    const struct settings *next = NULL;
    enum status status = settings_reload_secrets(&next, context, NULL, NULL, err);

    UNIT_TRUE((status == STATUS_OK) == (next != NULL));
    settings_release(next);
    return status;
}

UNIT_TEST(secrets_that_there_is_no_memory_for_are_told_as_that)
{
    struct sk_told told;
    const struct settings *s;

    sk_put_all();
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, reload_secrets, (void *)(uintptr_t)s);
    settings_release(s);
}

static enum status make_cache(void *context, struct err *err)
{
    struct settings_cache *c = NULL;
    enum status status = settings_cache_make(&c, NULL, NULL, err);

    (void)context;
    UNIT_TRUE((status == STATUS_OK) == (c != NULL));
    settings_cache_free(c);
    return status;
}

UNIT_TEST(a_cache_that_there_is_no_memory_for_is_not_made)
{
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, make_cache, NULL);
    settings_cache_free(NULL);
}

#define THREADS 4
#define ROUNDS 200

static void *reader(void *context)
{
    for (int i = 0; i < ROUNDS; i++) {
        const struct settings *s = NULL;
        struct err err = ERR_INIT;
        bool fine = settings_current(context, &s, &err) == STATUS_OK &&
                    s->config->endpoints[0].name[0] == s->config->spool[1];

        settings_release(s);
        if (!fine)
            return context;
    }
    return NULL;
}

UNIT_TEST(threads_see_whole_versions_while_the_file_changes)
{
    struct sk_told told;
    struct settings_cache *c = cache(&told);
    pthread_t threads[THREADS];

    sk_put("conf", "spool = \"/a\"\nendpoint a { auth = none }\n");
    spool_is(c, "/a");
    for (int i = 0; i < THREADS; i++)
        UNIT_INT(0, pthread_create(&threads[i], NULL, reader, c));
    for (int i = 0; i < 50; i++)
        sk_put("conf", i % 2 == 0 ? "spool = \"/b\"\nendpoint b { auth = none }\n"
                                  : "spool = \"/a\"\nendpoint a { auth = none }\n");
    for (int i = 0; i < THREADS; i++) {
        void *failed = NULL;

        UNIT_INT(0, pthread_join(threads[i], &failed));
        UNIT_TRUE(failed == NULL);
    }
    UNIT_INT(0, told.count);
    spool_is(c, "/a");
    end(c);
}
