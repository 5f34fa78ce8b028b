/* SPDX-License-Identifier: MIT */
#include "store/settings.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "store/settings_parts.h"
#include "unit.h"

#define ENDPOINT                                                                                   \
    "spool = \"/spool\"\nendpoint \"a\" { auth-header = \"X-S\" secret-files = {\"one\", "         \
    "\"two\"} }\n"
#define OTHER_USER 54321

static char at[6][200];

/* The path of a file in the test's folder; six can be used at the same time. */
static const char *in(const char *name)
{
    static unsigned next;
    char *path = at[next++ % 6];

    snprintf(path, sizeof at[0], "%s/%s", unit_folder(), name);
    return path;
}

/* Under a new inode, as editors and `mv` do it. */
static void put(const char *name, const char *text)
{
    const char *temporary = in("temporary");
    int fd = open(temporary, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

    UNIT_TRUE(fd >= 0 && file_write(fd, text, strlen(text)) == 0);
    close(fd);
    UNIT_INT(0, rename(temporary, in(name)));
}

struct told {
    unsigned count;
    char last[800];
    bool usable;
};

static void note(void *context, const char *text)
{
    struct told *told = context;

    told->count++;
    snprintf(told->last, sizeof told->last, "%s", text);
}

static void check_told(const struct told *told, unsigned count, const char *words)
{
    UNIT_INT(count, told->count);
    if (strstr(told->last, words) == NULL)
        UNIT_TEXT(words, told->last);
}

static const struct settings *load(struct told *told)
{
    const struct settings *s = NULL;
    struct err err = ERR_INIT;

    *told = (struct told){0};
    UNIT_STATUS(STATUS_OK, settings_load(&s, in("conf"), note, told, &err), &err);
    return s;
}

static void load_fails(const char *words)
{
    const struct settings *s = NULL;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_CONFIG, settings_load(&s, in("conf"), NULL, NULL, &err), &err);
    UNIT_TRUE(s == NULL);
    if (strstr(err.text, words) == NULL)
        UNIT_TEXT(words, err.text);
}

/* ---- one reading */

UNIT_TEST(file_and_secrets_are_read)
{
    struct told told;
    const struct settings *s;

    put("conf", ENDPOINT);
    put("one", "first\n");
    put("two", "second");
    s = load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_TEXT("/spool", s->config->spool);
    UNIT_TEXT(in("conf"), s->path);
    UNIT_INT(2, s->secrets[0].count);
    UNIT_STR("first", s->secrets[0].values[0]);
    UNIT_STR("second", s->secrets[0].values[1]);
    UNIT_INT(0, told.count);
    settings_release(s);
    settings_release(NULL);
}

UNIT_TEST(each_endpoint_has_its_own_secrets)
{
    struct told told;
    const struct settings *s;

    put("conf", "spool = \"/spool\"\n"
                "endpoint a { auth = none }\n"
                "endpoint b { auth-header = \"X-S\" secret-files = {\"one\"} }\n"
                "endpoint c { auth = \"aai-signature\" secret-files = {\"missing\", \"two\"} }\n");
    put("one", "first");
    put("two", "second");
    s = load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(0, s->secrets[0].count);
    UNIT_INT(1, s->secrets[1].count);
    UNIT_STR("first", s->secrets[1].values[0]);
    UNIT_INT(1, s->secrets[2].count);
    UNIT_STR("second", s->secrets[2].values[0]);
    settings_release(s);
}

static void secret_is(const char *text, const char *expected, const char *words)
{
    struct told told;
    const struct settings *s;

    put("conf", ENDPOINT);
    put("one", text);
    put("two", "second");
    s = load(&told);
    UNIT_REQUIRE(s != NULL);
    if (expected == NULL) {
        UNIT_INT(1, s->secrets[0].count);
        UNIT_STR("second", s->secrets[0].values[0]);
    } else {
        UNIT_INT(2, s->secrets[0].count);
        UNIT_STR(expected, s->secrets[0].values[0]);
    }
    check_told(&told, *words == '\0' ? 0 : 1, words);
    settings_release(s);
}

UNIT_TEST(line_ends_and_marks_of_editors_are_not_the_secrets)
{
    secret_is("abc\r\n", "abc", "");
    secret_is("abc\n\n\r\n", "abc", "");
    secret_is("\xef\xbb\xbf"
              "abc\n",
              "abc", "");
    secret_is("a\tb c", "a\tb c", "");
}

UNIT_TEST(a_secret_that_cannot_be_right_is_passed_over)
{
    secret_is("", NULL, "is empty");
    secret_is("\r\n", NULL, "is empty");
    secret_is("\xef\xbb\xbf\n", NULL, "is empty");
    secret_is("one\ntwo\n", NULL, "one file holds one secret");
    secret_is("a\x7f"
              "b",
              NULL, "control character");
}

UNIT_TEST(a_secret_with_blanks_around_is_used_and_told)
{
    secret_is("abc \n", "abc ", "begins or ends with a blank");
    secret_is(" abc", " abc", "begins or ends with a blank");
}

UNIT_TEST(a_secret_is_read_up_to_its_limit)
{
    char text[SETTINGS_SECRET_MAX + 2];

    memset(text, 's', sizeof text);
    text[SETTINGS_SECRET_MAX] = '\0';
    secret_is(text, text, "");
    text[SETTINGS_SECRET_MAX] = 's';
    text[SETTINGS_SECRET_MAX + 1] = '\0';
    secret_is(text, NULL, "is larger than 4096 bytes");
}

UNIT_TEST(a_missing_secret_is_passed_over_and_told)
{
    struct told told;
    const struct settings *s;

    put("conf", ENDPOINT);
    put("two", "second");
    s = load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    check_told(&told, 1, "one: cannot be opened: No such file or directory (passed over)");
    UNIT_TRUE(strstr(told.last, "endpoint \"a\": secret file ") != NULL);
    settings_release(s);
}

UNIT_TEST(without_any_secret_the_settings_are_still_there)
{
    struct told told;
    const struct settings *s;

    put("conf", ENDPOINT);
    s = load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(0, s->secrets[0].count);
    UNIT_INT(2, told.count);
    settings_release(s);
}

UNIT_TEST(a_secret_that_others_can_read_is_used_and_told)
{
    static const struct {
        mode_t mode;
        const char *words;
    } modes[] = {{0600, ""},
                 {0400, ""},
                 {0640, "can read it"},
                 {0604, "chmod 600"},
                 {0620, "can change it"},
                 {0666, "can change it"}};

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct told told;
        const struct settings *s;

        put("conf", ENDPOINT);
        put("one", "first");
        put("two", "second");
        UNIT_INT(0, chmod(in("one"), modes[i].mode));
        s = load(&told);
        UNIT_REQUIRE(s != NULL);
        UNIT_INT(2, s->secrets[0].count);
        check_told(&told, *modes[i].words == '\0' ? 0 : 1, modes[i].words);
        settings_release(s);
    }
}

UNIT_TEST(a_pipe_or_folder_in_place_of_a_file_does_not_block)
{
    struct told told;
    const struct settings *s;

    put("conf", ENDPOINT);
    UNIT_INT(0, mkfifo(in("one"), 0600));
    put("two", "second");
    s = load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    check_told(&told, 1, "is no regular file");
    settings_release(s);
    UNIT_INT(0, unlink(in("conf")));
    UNIT_INT(0, mkdir(in("conf"), 0700));
    load_fails("is no regular file");
}

UNIT_TEST(a_configuration_that_others_can_write_is_refused)
{
    put("conf", ENDPOINT);
    UNIT_INT(0, chmod(in("conf"), 0660));
    load_fails("others can write to it; run: chmod go-w ");
    UNIT_INT(0, chmod(in("conf"), 0602));
    load_fails("others can write to it");
}

UNIT_TEST(a_configuration_of_another_user_is_refused)
{
    if (geteuid() != 0)
        return;
    put("conf", ENDPOINT);
    UNIT_INT(0, chown(in("conf"), OTHER_USER, (gid_t)-1));
    load_fails("belongs to user 54321");
}

UNIT_TEST(a_configuration_of_root_serves_everybody)
{
    struct told told;
    const struct settings *s;

    if (geteuid() != 0)
        return;
    put("conf", ENDPOINT);
    put("one", "first");
    put("two", "second");
    UNIT_INT(0, chmod(unit_folder(), 0755));
    UNIT_INT(0, chmod(in("conf"), 0644));
    UNIT_INT(0, chown(in("one"), OTHER_USER, (gid_t)-1));
    UNIT_INT(0, seteuid(OTHER_USER));
    s = load(&told);
    UNIT_INT(0, seteuid(0));
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    check_told(&told, 1, "two: cannot be opened: Permission denied");
    settings_release(s);
}

UNIT_TEST(a_broken_or_missing_configuration_is_refused)
{
    struct buf text;

    load_fails("conf: cannot be opened: No such file or directory");
    put("conf", "spol = \"/x\"\n");
    load_fails("conf:1: spol: no such key");
    put("conf", "");
    load_fails("spool: is missing");
    buf_init(&text, CONFIG_FILE_MAX + 1);
    while (text.len < CONFIG_FILE_MAX + 1)
        buf_add_char(&text, '#');
    put("conf", text.ptr);
    load_fails("is larger than 262144 bytes");
    buf_free(&text);
}

UNIT_TEST(no_descriptor_is_no_verdict_on_the_file)
{
    const struct settings *s = NULL;
    struct err err = ERR_INIT;
    int fds[1024];
    int count = 0;
    int limit = dup(0);

    put("conf", ENDPOINT);
    put("one", "first");
    put("two", "second");
    UNIT_REQUIRE(limit >= 0);
    while (count < 1024 && (fds[count] = dup(0)) >= 0)
        count++;
    if (count < 1024) {
        close(limit);
        UNIT_STATUS(STATUS_OK, settings_load(&s, in("conf"), NULL, NULL, &err), &err);
        limit = dup(0);
        UNIT_STATUS(STATUS_IO, settings_load(&s, in("conf"), NULL, NULL, &err), &err);
    }
    close(limit);
    while (count > 0)
        close(fds[--count]);
    settings_release(s);
}

struct problems {
    unsigned usable, unusable;
    char files[400];
};

static void note_problem(void *context, const struct config_endpoint *endpoint, const char *file,
                         bool usable, const char *text)
{
    struct problems *p = context;
    size_t len = strlen(p->files);

    UNIT_TEXT("a", endpoint->name);
    UNIT_TRUE(strstr(text, file) != NULL);
    *(usable ? &p->usable : &p->unusable) += 1;
    snprintf(p->files + len, sizeof p->files - len, "%s ", strrchr(file, '/'));
}

UNIT_TEST(problems_of_secret_files_are_listed_as_they_are_now)
{
    struct told told;
    struct problems p = {0};
    const struct settings *s;

    put("conf", ENDPOINT);
    put("one", "first");
    put("two", "second");
    s = load(&told);
    UNIT_REQUIRE(s != NULL);
    settings_problems(s, note_problem, &p);
    UNIT_TEXT("", p.files);
    UNIT_INT(0, chmod(in("one"), 0644));
    UNIT_INT(0, unlink(in("two")));
    settings_problems(s, note_problem, &p);
    UNIT_TEXT("/one /two ", p.files);
    UNIT_INT(1, p.usable);
    UNIT_INT(1, p.unusable);
    settings_release(s);
}

/* ---- where it is */

UNIT_TEST(the_command_line_comes_before_the_environment)
{
    char *path = NULL;
    char folder[4096], expected[4200];
    struct err err = ERR_INIT;

    setenv("STENOHOOK_CONFIG", "/env/conf", 1);
    UNIT_STATUS(STATUS_OK, settings_find(&path, "/given/conf", &err), &err);
    UNIT_TEXT("/given/conf", path);
    free(path);
    UNIT_STATUS(STATUS_OK, settings_find(&path, "given", &err), &err);
    UNIT_TRUE(getcwd(folder, sizeof folder) != NULL);
    snprintf(expected, sizeof expected, "%s/given", folder);
    UNIT_TEXT(expected, path);
    free(path);
    UNIT_STATUS(STATUS_OK, settings_find(&path, NULL, &err), &err);
    UNIT_TEXT("/env/conf", path);
    free(path);
    path = NULL;
    setenv("STENOHOOK_CONFIG", "relative", 1);
    UNIT_STATUS(STATUS_CONFIG, settings_find(&path, NULL, &err), &err);
    UNIT_TRUE(path == NULL && strstr(err.text, "must be an absolute path") != NULL);
    unsetenv("STENOHOOK_CONFIG");
}

UNIT_TEST(the_topmost_folder_that_is_ours_is_found)
{
    char *found;
    char program[400];

    UNIT_INT(0, mkdir(in("home"), 0755));
    UNIT_INT(0, mkdir(in("home/u"), 0755));
    UNIT_INT(0, mkdir(in("home/u/cgi-bin"), 0755));
    snprintf(program, sizeof program, "%s", in("home/u/cgi-bin/stenohook.cgi"));
    UNIT_TRUE(settings_above(program, OTHER_USER) == NULL);
    UNIT_TRUE(settings_above("stenohook.cgi", OTHER_USER) == NULL);
    if (geteuid() != 0)
        return;
    UNIT_INT(0, chown(in("home/u"), OTHER_USER, (gid_t)-1));
    UNIT_INT(0, chown(in("home/u/cgi-bin"), OTHER_USER, (gid_t)-1));
    found = settings_above(program, OTHER_USER);
    UNIT_TEXT(in("home/u"), found);
    free(found);
    found = settings_above(program, 0);
    UNIT_TEXT("/", found);
    free(found);
}

/* ---- the cache */

static struct settings_cache *cache(struct told *told)
{
    struct settings_cache *c = NULL;
    struct err err = ERR_INIT;

    *told = (struct told){0};
    setenv("STENOHOOK_CONFIG", in("conf"), 1);
    UNIT_STATUS(STATUS_OK, settings_cache_make(&c, note, told, &err), &err);
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

static void put_all(void)
{
    put("conf", ENDPOINT);
    put("one", "first");
    put("two", "second");
}

UNIT_TEST(files_are_read_once_while_they_are_the_same)
{
    struct told told;
    struct settings_cache *c = cache(&told);
    const struct settings *a, *b;

    put_all();
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
    struct told told;
    struct settings_cache *c = cache(&told);
    const struct settings *old;

    put_all();
    old = current(c);
    UNIT_REQUIRE(old != NULL);
    put("conf", "spool = \"/other\"\nendpoint b { auth = none }\n");
    spool_is(c, "/other");
    UNIT_TEXT("/spool", old->config->spool);
    UNIT_STR("first", old->secrets[0].values[0]);
    settings_release(old);
    end(c);
}

UNIT_TEST(a_changed_secret_is_read_again)
{
    struct told told;
    struct settings_cache *c = cache(&told);
    const struct settings *s;

    put_all();
    spool_is(c, "/spool");
    put("two", "third!");
    s = current(c);
    UNIT_REQUIRE(s != NULL);
    UNIT_STR("third!", s->secrets[0].values[1]);
    settings_release(s);
    UNIT_INT(0, unlink(in("two")));
    s = current(c);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    settings_release(s);
    spool_is(c, "/spool");
    check_told(&told, 1, "two: cannot be opened");
    put("two", "back");
    s = current(c);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(2, s->secrets[0].count);
    settings_release(s);
    UNIT_INT(1, told.count);
    end(c);
}

UNIT_TEST(a_broken_new_version_is_told_once_and_the_last_good_one_serves)
{
    struct told told;
    struct settings_cache *c = cache(&told);
    const struct settings *s;

    put_all();
    spool_is(c, "/spool");
    put("conf", "spol = \"/other\"\n");
    spool_is(c, "/spool");
    spool_is(c, "/spool");
    check_told(&told, 1, "conf:1: spol: no such key");
    UNIT_TRUE(strstr(told.last, "stay in use") != NULL);
    put("conf", "spool = \"other\"\n");
    spool_is(c, "/spool");
    spool_is(c, "/spool");
    check_told(&told, 2, "conf:1: spool: \"other\" must be an absolute path");
    /* A secret that is rotated meanwhile counts all the same. */
    put("one", "rotated");
    s = current(c);
    UNIT_REQUIRE(s != NULL);
    UNIT_STR("rotated", s->secrets[0].values[0]);
    settings_release(s);
    s = current(c);
    UNIT_REQUIRE(s != NULL);
    UNIT_STR("rotated", s->secrets[0].values[0]);
    settings_release(s);
    UNIT_INT(2, told.count);
    put("conf", "spool = \"/good\"\nendpoint b { auth = none }\n");
    spool_is(c, "/good");
    UNIT_INT(2, told.count);
    end(c);
}

UNIT_TEST(the_cache_knows_whether_it_serves_what_stands_in_the_file)
{
    struct told told;
    struct settings_cache *c = cache(&told);

    UNIT_FALSE(settings_cache_whole(c));
    put_all();
    spool_is(c, "/spool");
    UNIT_TRUE(settings_cache_whole(c));
    UNIT_INT(0, rename(in("conf"), in("aside")));
    put("conf", "spol = \"/other\"\n");
    spool_is(c, "/spool");
    UNIT_FALSE(settings_cache_whole(c));
    /* New secrets below an old version do not make it the new one. */
    put("one", "rotated");
    spool_is(c, "/spool");
    UNIT_FALSE(settings_cache_whole(c));
    spool_is(c, "/spool");
    UNIT_FALSE(settings_cache_whole(c));
    UNIT_INT(1, told.count);
    UNIT_INT(0, rename(in("aside"), in("conf")));
    spool_is(c, "/spool");
    UNIT_TRUE(settings_cache_whole(c));
    put("conf", "spool = \"/good\"\nendpoint b { auth = none }\n");
    spool_is(c, "/good");
    UNIT_TRUE(settings_cache_whole(c));
    end(c);
}

UNIT_TEST(a_file_that_vanishes_leaves_the_last_good_one_in_use)
{
    struct told told;
    struct settings_cache *c = cache(&told);

    put_all();
    spool_is(c, "/spool");
    UNIT_INT(0, unlink(in("conf")));
    spool_is(c, "/spool");
    spool_is(c, "/spool");
    check_told(&told, 1, "cannot be opened");
    put_all();
    spool_is(c, "/spool");
    UNIT_INT(1, told.count);
    UNIT_INT(0, chmod(in("conf"), 0666));
    spool_is(c, "/spool");
    check_told(&told, 2, "others can write to it");
    UNIT_INT(0, chmod(in("conf"), 0600));
    spool_is(c, "/spool");
    UNIT_INT(2, told.count);
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
    struct told told;
    struct settings_cache *c = cache(&told);

    current_fails(c, "cannot be opened");
    current_fails(c, "cannot be opened");
    put("conf", "spol = \"/x\"\n");
    current_fails(c, "spol: no such key");
    current_fails(c, "spol: no such key");
    put_all();
    spool_is(c, "/spool");
    UNIT_INT(0, told.count);
    end(c);
}

UNIT_TEST(a_file_is_also_found_where_it_appears_later)
{
    struct told told;
    struct settings_cache *c = cache(&told);

    current_fails(c, "conf: cannot be opened");
    put_all();
    UNIT_INT(0, rename(in("conf"), in("elsewhere")));
    setenv("STENOHOOK_CONFIG", in("elsewhere"), 1);
    spool_is(c, "/spool");
    end(c);
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
    struct told told;
    struct settings_cache *c = cache(&told);
    pthread_t threads[THREADS];

    put("conf", "spool = \"/a\"\nendpoint a { auth = none }\n");
    spool_is(c, "/a");
    for (int i = 0; i < THREADS; i++)
        UNIT_INT(0, pthread_create(&threads[i], NULL, reader, c));
    for (int i = 0; i < 50; i++)
        put("conf", i % 2 == 0 ? "spool = \"/b\"\nendpoint b { auth = none }\n"
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

static const struct unit_case cases[] = {
    UNIT_CASE(file_and_secrets_are_read),
    UNIT_CASE(each_endpoint_has_its_own_secrets),
    UNIT_CASE(line_ends_and_marks_of_editors_are_not_the_secrets),
    UNIT_CASE(a_secret_that_cannot_be_right_is_passed_over),
    UNIT_CASE(a_secret_with_blanks_around_is_used_and_told),
    UNIT_CASE(a_secret_is_read_up_to_its_limit),
    UNIT_CASE(a_missing_secret_is_passed_over_and_told),
    UNIT_CASE(without_any_secret_the_settings_are_still_there),
    UNIT_CASE(a_secret_that_others_can_read_is_used_and_told),
    UNIT_CASE(a_pipe_or_folder_in_place_of_a_file_does_not_block),
    UNIT_CASE(a_configuration_that_others_can_write_is_refused),
    UNIT_CASE(a_configuration_of_another_user_is_refused),
    UNIT_CASE(a_configuration_of_root_serves_everybody),
    UNIT_CASE(a_broken_or_missing_configuration_is_refused),
    UNIT_CASE(no_descriptor_is_no_verdict_on_the_file),
    UNIT_CASE(problems_of_secret_files_are_listed_as_they_are_now),
    UNIT_CASE(the_command_line_comes_before_the_environment),
    UNIT_CASE(the_topmost_folder_that_is_ours_is_found),
    UNIT_CASE(files_are_read_once_while_they_are_the_same),
    UNIT_CASE(a_changed_file_is_read_again),
    UNIT_CASE(a_changed_secret_is_read_again),
    UNIT_CASE(a_broken_new_version_is_told_once_and_the_last_good_one_serves),
    UNIT_CASE(the_cache_knows_whether_it_serves_what_stands_in_the_file),
    UNIT_CASE(a_file_that_vanishes_leaves_the_last_good_one_in_use),
    UNIT_CASE(until_there_is_a_good_version_the_failure_is_returned),
    UNIT_CASE(a_file_is_also_found_where_it_appears_later),
    UNIT_CASE(threads_see_whole_versions_while_the_file_changes),
    UNIT_END,
};
const struct unit_suite suite_settings = {"settings", cases};
