/* SPDX-License-Identifier: MIT */
#include "store/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../tools/child_end.h"
#include "base/file.h"
#include "base/user.h"
#include "fault_kit.h"
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
    UNIT_REQUIRE_ROOT();
    put("conf", ENDPOINT);
    UNIT_INT(0, chown(in("conf"), OTHER_USER, (gid_t)-1));
    load_fails("belongs to user 54321");
}

UNIT_TEST(a_configuration_of_root_serves_everybody)
{
    struct told told;
    const struct settings *s;

    UNIT_REQUIRE_ROOT();
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

static enum status load_and_release(void *context, struct err *err)
{
    const struct settings *s = NULL;
    enum status status = settings_load(&s, in("conf"), NULL, NULL, err);

    (void)context;
    UNIT_TRUE((status == STATUS_OK) == (s != NULL));
    settings_release(s);
    return status;
}

static void put_all(void)
{
    put("conf", ENDPOINT);
    put("one", "first");
    put("two", "second");
}

UNIT_TEST(what_the_system_denies_is_no_verdict_on_the_files)
{
    put_all();
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, load_and_release, NULL);
    fault_each(FAULT_OPENAT, EMFILE, STATUS_IO, load_and_release, NULL);
    fault_each(FAULT_FSTAT, EIO, STATUS_IO, load_and_release, NULL);
    fault_each(FAULT_READ, EIO, STATUS_IO, load_and_release, NULL);
}

UNIT_TEST(what_is_wrong_with_a_secret_is_not_told_to_nobody)
{
    const struct settings *s = NULL;
    struct err err = ERR_INIT;

    put("conf", ENDPOINT);
    put("two", "second");
    UNIT_STATUS(STATUS_OK, settings_load(&s, in("conf"), NULL, NULL, &err), &err);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    settings_release(s);
}

UNIT_TEST(a_secret_file_with_an_absolute_path_lies_there_and_another_beside_the_configuration)
{
    char text[500];
    struct told told;
    const struct settings *s;
    struct err err = ERR_INIT;
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    UNIT_INT(0, mkdir(in("sub"), 0700));
    snprintf(text, sizeof text,
             "spool = \"/spool\"\n"
             "endpoint a { auth-header = \"X-S\" secret-files = {\"%s\", \"sub/two\"} }\n",
             in("one"));
    put("conf", text);
    put("one", "first");
    put("sub/two", "second");
    s = load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(2, s->secrets[0].count);
    settings_release(s);
    UNIT_INT(0, chdir(unit_folder()));
    UNIT_STATUS(STATUS_OK, settings_load(&s, "conf", NULL, NULL, &err), &err);
    UNIT_TRUE(here >= 0 && fchdir(here) == 0);
    close(here);
    UNIT_INT(2, s->secrets[0].count);
    settings_release(s);
}

UNIT_TEST(a_configuration_of_the_user_that_we_run_as_is_ours)
{
    const struct settings *s = NULL;
    struct err err = ERR_INIT;

    UNIT_REQUIRE_ROOT();
    put_all();
    UNIT_INT(0, chmod(unit_folder(), 0755));
    UNIT_INT(0, chown(in("conf"), OTHER_USER, (gid_t)-1));
    UNIT_INT(0, seteuid(OTHER_USER));
    UNIT_STATUS(STATUS_OK, settings_load(&s, in("conf"), NULL, NULL, &err), &err);
    UNIT_INT(0, seteuid(0));
    settings_release(s);
}

UNIT_TEST(a_secret_of_another_user_is_used_and_told)
{
    struct told told;
    const struct settings *s;

    UNIT_REQUIRE_ROOT();
    put_all();
    UNIT_INT(0, chown(in("one"), OTHER_USER, (gid_t)-1));
    s = load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(2, s->secrets[0].count);
    check_told(&told, 1, "belongs to user 54321, who can change it");
    settings_release(s);
}

static void note_secret(void *context, bool usable, const char *text)
{
    struct told *told = context;

    note(told, text);
    told->usable = usable;
}

/* Of one that is passed over, and is to blame for it. */
static void secret_is_to_blame(const char *path, const char *words)
{
    struct told told = {.usable = true};
    struct err err = ERR_INIT;
    bool usable = true;
    struct buf out;

    buf_init(&out, SETTINGS_SECRET_MAX);
    UNIT_STATUS(STATUS_OK, settings_secret(path, &out, &usable, note_secret, &told, &err), &err);
    UNIT_FALSE(usable || told.usable);
    UNIT_INT(0, out.len);
    check_told(&told, 1, words);
    UNIT_STATUS(STATUS_OK, settings_secret(path, &out, &usable, NULL, NULL, &err), &err);
    UNIT_FALSE(usable);
    buf_free(&out);
}

UNIT_TEST(a_secret_file_that_cannot_be_opened_is_to_blame_for_it)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char name[PATH_MAX + 2];

    put("one", "first");
    secret_is_to_blame(in("absent"), "No such file");
    secret_is_to_blame(in("one/below"), "Not a directory");
    UNIT_INT(0, symlink("loop", in("loop")));
    secret_is_to_blame(in("loop"), "symbolic links");
    snprintf(address.sun_path, sizeof address.sun_path, "%s", in("socket"));
    UNIT_INT(0, bind(fd, (const struct sockaddr *)&address, sizeof address));
    close(fd);
    secret_is_to_blame(in("socket"), "No such device or address");
    memset(name, 'n', sizeof name);
    name[0] = '/';
    name[sizeof name - 1] = '\0';
    /* The path leaves no room for itself in the sentence. */
    secret_is_to_blame(name, "cannot be opened: File name too long");
    UNIT_REQUIRE_ROOT();
    UNIT_INT(0, chmod(unit_folder(), 0755));
    UNIT_INT(0, seteuid(OTHER_USER));
    secret_is_to_blame(in("one"), "Permission denied");
    UNIT_INT(0, seteuid(0));
}

static enum status read_secret(void *context, struct err *err)
{
    struct buf out;
    bool usable = true;
    enum status status;

    (void)context;
    buf_init(&out, SETTINGS_SECRET_MAX);
    status = settings_secret(in("one"), &out, &usable, NULL, NULL, err);
    UNIT_TRUE(usable == (status == STATUS_OK));
    buf_free(&out);
    return status;
}

UNIT_TEST(a_secret_that_the_system_does_not_let_us_read_is_not_passed_over)
{
    put("one", "first");
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, read_secret, NULL);
    fault_each(FAULT_OPENAT, ENFILE, STATUS_IO, read_secret, NULL);
    fault_each(FAULT_FSTAT, EIO, STATUS_IO, read_secret, NULL);
    fault_each(FAULT_READ, EIO, STATUS_IO, read_secret, NULL);
}

UNIT_TEST(a_version_of_a_file_is_another_where_anything_of_it_differs)
{
    const struct file_id id = {true, 1, 2, 3, {4, 5}, {6, 7}};
    const struct file_id others[] = {
        {false, 1, 2, 3, {4, 5}, {6, 7}}, {true, 9, 2, 3, {4, 5}, {6, 7}},
        {true, 1, 9, 3, {4, 5}, {6, 7}},  {true, 1, 2, 9, {4, 5}, {6, 7}},
        {true, 1, 2, 3, {9, 5}, {6, 7}},  {true, 1, 2, 3, {4, 9}, {6, 7}},
        {true, 1, 2, 3, {4, 5}, {9, 7}},  {true, 1, 2, 3, {4, 5}, {6, 9}},
    };

    UNIT_TRUE(file_id_same(&id, &id));
    UNIT_TRUE(file_id_same(&others[0], &others[0]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        UNIT_FALSE(file_id_same(&id, &others[i]));
        UNIT_FALSE(file_id_same(&others[i], &id));
    }
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

UNIT_TEST(a_secret_file_that_cannot_be_looked_at_now_is_a_problem)
{
    struct told told;
    struct problems p = {0};
    const struct settings *s;

    put_all();
    s = load(&told);
    UNIT_REQUIRE(s != NULL);
    fault_arm(FAULT_OPENAT, 2, EMFILE);
    settings_problems(s, note_problem, &p);
    UNIT_TRUE(fault_disarm());
    UNIT_TEXT("/two ", p.files);
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

static char homes[2][200], programs[200];

/* Where `home` and fault_program may point at for longer. */
static const char *keep(char out[200], const char *name)
{
    snprintf(out, 200, "%s/%s", unit_folder(), name);
    return out;
}

/* The home of our user, as the password file says; NULL: as it is; empty: there is no such user.
 * One without a slash at its beginning is none. */
static const char *home;

char *__real_strdup(const char *text);
bool __real_user_find(const char *file, const char *name, uid_t uid, struct user *out);
bool __wrap_user_find(const char *file, const char *name, uid_t uid, struct user *out);
bool __wrap_user_find(const char *file, const char *name, uid_t uid, struct user *out)
{
    if (home == NULL)
        return __real_user_find(file, name, uid, out);
    if (*home == '\0')
        return false;
    *out = (struct user){.uid = uid, .home = *home == '/' ? __real_strdup(home) : NULL};
    return true;
}

#define OF_THE_SYSTEM SYSCONFDIR "/stenohook/stenohook.conf"

/* A configuration below that folder of the test. */
static void put_below(const char *folder)
{
    char name[100];

    UNIT_INT(0, mkdir(in(folder), 0755));
    snprintf(name, sizeof name, "%s/.config", folder);
    UNIT_INT(0, mkdir(in(name), 0755));
    snprintf(name, sizeof name, "%s/.config/stenohook", folder);
    UNIT_INT(0, mkdir(in(name), 0755));
    snprintf(name, sizeof name, "%s/.config/stenohook/stenohook.conf", folder);
    put(name, ENDPOINT);
}

static void find_is(const char *expected)
{
    char *path = NULL;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, settings_find(&path, NULL, &err), &err);
    UNIT_TEXT(expected, path);
    free(path);
}

static enum status find(void *given, struct err *err)
{
    char *path = NULL;
    enum status status = settings_find(&path, given, err);

    UNIT_TRUE((status == STATUS_OK) == (path != NULL));
    free(path);
    return status;
}

/* The place of the whole system, where this machine has something there; else all that were looked
 * at are named. */
static void none_is_found_in(const char *const *places)
{
    char *path = NULL;
    struct err err = ERR_INIT;

    if (access(OF_THE_SYSTEM, F_OK) == 0) {
        find_is(OF_THE_SYSTEM);
        return;
    }
    UNIT_STATUS(STATUS_CONFIG, settings_find(&path, NULL, &err), &err);
    UNIT_TRUE(path == NULL && strstr(err.text, OF_THE_SYSTEM) != NULL);
    for (; *places != NULL; places++)
        UNIT_TRUE(strstr(err.text, *places) != NULL);
}

UNIT_TEST(without_a_word_from_the_environment_it_is_looked_for_in_the_home_of_our_user)
{
    const char *places[] = {keep(homes[0], "home"), NULL};

    home = places[0];
    setenv("STENOHOOK_CONFIG", "", 1);
    none_is_found_in(places);
    unsetenv("STENOHOOK_CONFIG");
    none_is_found_in(places);
    put_below("home");
    find_is(in("home/.config/stenohook/stenohook.conf"));
    home = "";
    none_is_found_in(places + 1);
    home = "home";
    none_is_found_in(places + 1);
    home = NULL;
}

UNIT_TEST(the_home_that_our_program_lies_in_comes_before_that_of_the_password_file)
{
    const char *places[] = {keep(homes[0], "place"), keep(homes[1], "home"), NULL};
    const char *program = keep(programs, "place/cgi-bin/stenohook.cgi");

    UNIT_REQUIRE_ROOT();
    put_below("home");
    put_below("place");
    UNIT_INT(0, chmod(unit_folder(), 0755));
    UNIT_INT(0, chown(in("place"), OTHER_USER, (gid_t)-1));
    home = places[1];
    fault_program = program;
    UNIT_INT(0, seteuid(OTHER_USER));
    find_is(in("place/.config/stenohook/stenohook.conf"));
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find, NULL);
    /* Where it lies is unknown. */
    fault_program = "";
    find_is(in("home/.config/stenohook/stenohook.conf"));
    UNIT_INT(0, seteuid(0));
    /* Root is not asked what he owns. */
    fault_program = program;
    find_is(in("home/.config/stenohook/stenohook.conf"));
    UNIT_INT(0, unlink(in("place/.config/stenohook/stenohook.conf")));
    UNIT_INT(0, seteuid(OTHER_USER));
    fault_program = program;
    find_is(in("home/.config/stenohook/stenohook.conf"));
    UNIT_INT(0, seteuid(0));
    UNIT_INT(0, unlink(in("home/.config/stenohook/stenohook.conf")));
    UNIT_INT(0, seteuid(OTHER_USER));
    none_is_found_in(places);
    UNIT_INT(0, seteuid(0));
    fault_program = NULL;
    home = NULL;
}

UNIT_TEST(an_empty_path_and_a_folder_without_a_name_are_refused)
{
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct err err = ERR_INIT;
    char *path = NULL;

    UNIT_STATUS(STATUS_CONFIG, settings_find(&path, "", &err), &err);
    UNIT_TRUE(strstr(err.text, "is empty") != NULL);
    UNIT_INT(0, mkdir(in("gone"), 0700));
    UNIT_INT(0, chdir(in("gone")));
    UNIT_INT(0, rmdir(in("gone")));
    UNIT_STATUS(STATUS_IO, settings_find(&path, "given", NULL), NULL);
    UNIT_TRUE(path == NULL && here >= 0 && fchdir(here) == 0);
    close(here);
}

UNIT_TEST(a_search_that_there_is_no_memory_for_is_told_as_that)
{
    char absolute[] = "/given/conf", relative[] = "given";

    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find, absolute);
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find, relative);
    setenv("STENOHOOK_CONFIG", "/env/conf", 1);
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find, NULL);
    unsetenv("STENOHOOK_CONFIG");
    put_below("home");
    home = keep(homes[0], "home");
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find, NULL);
    home = NULL;
}

/* In a process of its own: 0 where it is that user from then on. */
static int become_author(uid_t uid)
{
    pid_t pid = fork();

    if (pid == 0)
        child_end(settings_become_author(in("conf"), NULL) == STATUS_OK && getuid() == uid ? 0 : 1);
    return child_status(pid);
}

UNIT_TEST(only_root_becomes_the_author_of_a_configuration)
{
    struct err err = ERR_INIT;

    put("conf", ENDPOINT);
    UNIT_STATUS(STATUS_OK, settings_become_author(in("absent"), &err), &err);
    UNIT_STATUS(STATUS_OK, settings_become_author(in("conf"), &err), &err);
    UNIT_REQUIRE_ROOT();
    UNIT_INT(0, chown(in("conf"), OTHER_USER, (gid_t)-1));
    UNIT_INT(0, seteuid(OTHER_USER + 1));
    UNIT_STATUS(STATUS_OK, settings_become_author(in("conf"), &err), &err);
    UNIT_INT(OTHER_USER + 1, geteuid());
    UNIT_INT(0, seteuid(0));
    UNIT_INT(0, become_author(OTHER_USER));
}

static void above(const char *program, uid_t uid, const char *expected)
{
    char path[400];
    bool found;

    snprintf(path, sizeof path, "%s", program);
    found = settings_above(path, uid);
    UNIT_TRUE(found == (expected != NULL));
    UNIT_TEXT(expected == NULL ? program : expected, path);
}

UNIT_TEST(the_topmost_folder_that_is_ours_is_found)
{
    char program[200];

    UNIT_INT(0, mkdir(in("home"), 0755));
    UNIT_INT(0, mkdir(in("home/u"), 0755));
    UNIT_INT(0, mkdir(in("home/u/cgi-bin"), 0755));
    keep(program, "home/u/cgi-bin/stenohook.cgi");
    above(program, OTHER_USER, NULL);
    above("stenohook.cgi", OTHER_USER, NULL);
    above("/absent/stenohook.cgi", OTHER_USER, NULL);
    UNIT_REQUIRE_ROOT();
    UNIT_INT(0, chown(in("home/u"), OTHER_USER, (gid_t)-1));
    UNIT_INT(0, chown(in("home/u/cgi-bin"), OTHER_USER, (gid_t)-1));
    above(program, OTHER_USER, in("home/u"));
    above(program, 0, "/");
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

UNIT_TEST(while_no_place_can_be_named_the_failure_is_returned)
{
    struct told told;
    struct settings_cache *c = cache(&told);

    put_all();
    setenv("STENOHOOK_CONFIG", "relative", 1);
    current_fails(c, "must be an absolute path");
    setenv("STENOHOOK_CONFIG", in("conf"), 1);
    spool_is(c, "/spool");
    /* Once found it is not looked for again. */
    setenv("STENOHOOK_CONFIG", "relative", 1);
    put("conf", "spool = \"/other\"\nendpoint b { auth = none }\n");
    spool_is(c, "/other");
    end(c);
}

UNIT_TEST(a_version_that_the_system_does_not_let_us_read_is_tried_again_and_told_once)
{
    struct told told;
    struct settings_cache *c = cache(&told);

    put_all();
    spool_is(c, "/spool");
    put("conf", "spool = \"/other\"\nendpoint b { auth = none }\n");
    for (int i = 0; i < 2; i++) {
        fault_arm(FAULT_OPENAT, 1, EMFILE);
        spool_is(c, "/spool");
        UNIT_TRUE(fault_disarm());
        UNIT_FALSE(settings_cache_whole(c));
    }
    check_told(&told, 1, "Too many open files (the settings read before stay in use)");
    spool_is(c, "/other");
    UNIT_TRUE(settings_cache_whole(c));
    UNIT_INT(1, told.count);
    end(c);
}

UNIT_TEST(without_a_good_version_a_denial_of_the_system_is_returned_as_that)
{
    struct told told;
    struct settings_cache *c = cache(&told);
    const struct settings *s = NULL;

    put_all();
    fault_arm(FAULT_OPENAT, 1, EMFILE);
    UNIT_STATUS(STATUS_IO, settings_current(c, &s, NULL), NULL);
    UNIT_TRUE(fault_disarm() && s == NULL);
    spool_is(c, "/spool");
    UNIT_INT(0, told.count);
    end(c);
}

UNIT_TEST(the_last_good_version_is_whole_again_where_it_is_put_back)
{
    struct told told;
    struct settings_cache *c = cache(&told);
    const struct settings *before, *after;

    put_all();
    UNIT_INT(0, rename(in("conf"), in("good")));
    put("broken", "spol = \"/other\"\n");
    UNIT_INT(0, symlink("good", in("conf")));
    before = current(c);
    UNIT_INT(0, symlink("broken", in("to")));
    UNIT_INT(0, rename(in("to"), in("conf")));
    spool_is(c, "/spool");
    UNIT_FALSE(settings_cache_whole(c));
    UNIT_INT(0, symlink("good", in("to")));
    UNIT_INT(0, rename(in("to"), in("conf")));
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
    struct told told;
    struct settings_cache *c = cache(&told);
    const struct settings *s;

    put_all();
    spool_is(c, "/spool");
    put("conf", "spol = \"/other\"\n");
    spool_is(c, "/spool");
    put("one", "rotated");
    fault_arm(FAULT_MEMORY, 1, ENOMEM);
    s = current(c);
    UNIT_TRUE(fault_disarm());
    UNIT_REQUIRE(s != NULL);
    UNIT_STR("first", s->secrets[0].values[0]);
    settings_release(s);
    s = current(c);
    UNIT_REQUIRE(s != NULL);
    UNIT_STR("rotated", s->secrets[0].values[0]);
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
    struct told told;
    const struct settings *s;

    put_all();
    s = load(&told);
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
    UNIT_CASE(what_the_system_denies_is_no_verdict_on_the_files),
    UNIT_CASE(what_is_wrong_with_a_secret_is_not_told_to_nobody),
    UNIT_CASE(a_secret_file_with_an_absolute_path_lies_there_and_another_beside_the_configuration),
    UNIT_CASE(a_configuration_of_the_user_that_we_run_as_is_ours),
    UNIT_CASE(a_secret_of_another_user_is_used_and_told),
    UNIT_CASE(a_secret_file_that_cannot_be_opened_is_to_blame_for_it),
    UNIT_CASE(a_secret_that_the_system_does_not_let_us_read_is_not_passed_over),
    UNIT_CASE(a_version_of_a_file_is_another_where_anything_of_it_differs),
    UNIT_CASE(problems_of_secret_files_are_listed_as_they_are_now),
    UNIT_CASE(a_secret_file_that_cannot_be_looked_at_now_is_a_problem),
    UNIT_CASE(the_command_line_comes_before_the_environment),
    UNIT_CASE(without_a_word_from_the_environment_it_is_looked_for_in_the_home_of_our_user),
    UNIT_CASE(the_home_that_our_program_lies_in_comes_before_that_of_the_password_file),
    UNIT_CASE(an_empty_path_and_a_folder_without_a_name_are_refused),
    UNIT_CASE(a_search_that_there_is_no_memory_for_is_told_as_that),
    UNIT_CASE(only_root_becomes_the_author_of_a_configuration),
    UNIT_CASE(the_topmost_folder_that_is_ours_is_found),
    UNIT_CASE(files_are_read_once_while_they_are_the_same),
    UNIT_CASE(a_changed_file_is_read_again),
    UNIT_CASE(a_changed_secret_is_read_again),
    UNIT_CASE(a_broken_new_version_is_told_once_and_the_last_good_one_serves),
    UNIT_CASE(the_cache_knows_whether_it_serves_what_stands_in_the_file),
    UNIT_CASE(a_file_that_vanishes_leaves_the_last_good_one_in_use),
    UNIT_CASE(until_there_is_a_good_version_the_failure_is_returned),
    UNIT_CASE(a_file_is_also_found_where_it_appears_later),
    UNIT_CASE(while_no_place_can_be_named_the_failure_is_returned),
    UNIT_CASE(a_version_that_the_system_does_not_let_us_read_is_tried_again_and_told_once),
    UNIT_CASE(without_a_good_version_a_denial_of_the_system_is_returned_as_that),
    UNIT_CASE(the_last_good_version_is_whole_again_where_it_is_put_back),
    UNIT_CASE(secrets_that_cannot_be_read_anew_stay_as_they_were),
    UNIT_CASE(secrets_that_there_is_no_memory_for_are_told_as_that),
    UNIT_CASE(a_cache_that_there_is_no_memory_for_is_not_made),
    UNIT_CASE(threads_see_whole_versions_while_the_file_changes),
    UNIT_END,
};
const struct unit_suite suite_settings = {"settings", cases};
