/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/user.h"
#include "fault_kit.h"
#include "settings/settings.h"
#include "settings/settings_parts.h"
#include "settings_kit.h"
#include "unit.h"

static void load_fails_with(enum status status, const char *words)
{
    const struct settings *s = NULL;
    struct err err = ERR_INIT;

    UNIT_STATUS(status, settings_load(&s, sk_in("conf"), NULL, NULL, &err), &err);
    UNIT_TRUE(s == NULL);
    if (strstr(err.text, words) == NULL)
        UNIT_TEXT(words, err.text);
}

static void load_fails(const char *words)
{
    load_fails_with(STATUS_CONFIG, words);
}

UNIT_TEST(file_and_secrets_are_read)
{
    struct sk_told told;
    const struct settings *s;

    sk_put("conf", SK_ENDPOINT);
    sk_put("one", "the-first-secret\n");
    sk_put("two", "the-second-secret");
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_TEXT("/spool", s->config->spool);
    UNIT_TEXT(sk_in("conf"), s->path);
    UNIT_INT(2, s->secrets[0].count);
    UNIT_STR("the-first-secret", s->secrets[0].values[0]);
    UNIT_STR("the-second-secret", s->secrets[0].values[1]);
    UNIT_INT(0, told.count);
    settings_release(s);
    settings_release(NULL);
}

UNIT_TEST(each_endpoint_has_its_own_secrets)
{
    struct sk_told told;
    const struct settings *s;

    sk_put("conf",
           "spool = \"/spool\"\n"
           "endpoint a { auth = none }\n"
           "endpoint b { auth-header = \"X-S\" secret-files = {\"one\"} }\n"
           "endpoint c { auth = \"aai-signature\" secret-files = {\"missing\", \"two\"} }\n");
    sk_put("one", "the-first-secret");
    sk_put("two", "the-second-secret");
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(0, s->secrets[0].count);
    UNIT_INT(1, s->secrets[1].count);
    UNIT_STR("the-first-secret", s->secrets[1].values[0]);
    UNIT_INT(1, s->secrets[2].count);
    UNIT_STR("the-second-secret", s->secrets[2].values[0]);
    settings_release(s);
}

static void secret_is(const char *text, const char *expected, const char *words)
{
    struct sk_told told;
    const struct settings *s;

    sk_put("conf", SK_ENDPOINT);
    sk_put("one", text);
    sk_put("two", "the-second-secret");
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    if (expected == NULL) {
        UNIT_INT(1, s->secrets[0].count);
        UNIT_STR("the-second-secret", s->secrets[0].values[0]);
    } else {
        UNIT_INT(2, s->secrets[0].count);
        UNIT_STR(expected, s->secrets[0].values[0]);
    }
    sk_check_told(&told, *words == '\0' ? 0 : 1, words);
    settings_release(s);
}

UNIT_TEST(line_ends_and_marks_of_editors_are_not_the_secrets)
{
    secret_is("abcdefghijklmnop\r\n", "abcdefghijklmnop", "");
    secret_is("abcdefghijklmnop\n\n\r\n", "abcdefghijklmnop", "");
    secret_is("\xef\xbb\xbf"
              "abcdefghijklmnop\n",
              "abcdefghijklmnop", "");
    secret_is("a\tb cdefghijklmn", "a\tb cdefghijklmn", "");
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
    secret_is("abcdefghijklmno \n", "abcdefghijklmno ", "begins or ends with a blank");
    secret_is(" abcdefghijklmno", " abcdefghijklmno", "begins or ends with a blank");
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
    struct sk_told told;
    const struct settings *s;

    sk_put("conf", SK_ENDPOINT);
    sk_put("two", "the-second-secret");
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    sk_check_told(&told, 1, "one: cannot be opened: No such file or directory (skipped)");
    UNIT_TRUE(strstr(told.last, "endpoint \"a\": secret file ") != NULL);
    settings_release(s);
}

UNIT_TEST(without_any_secret_the_settings_are_still_there)
{
    struct sk_told told;
    const struct settings *s;

    sk_put("conf", SK_ENDPOINT);
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(0, s->secrets[0].count);
    UNIT_INT(2, told.count);
    settings_release(s);
}

/* `secret` of endpoint "a", whose keys are `keys`, is used; so often it is said that it can be
 * guessed. */
static void check_guessed(const char *keys, const char *secret, unsigned count)
{
    const struct settings *s;
    struct sk_told told;
    char text[256];

    snprintf(text, sizeof text,
             "spool = \"/spool\"\nendpoint \"a\" { %s secret-files = {\"one\"} }\n", keys);
    sk_put("conf", text);
    sk_put("one", secret);
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    sk_check_told(&told, count, count > 0 ? "can be guessed (got 15 bytes" : "");
    settings_release(s);
}

UNIT_TEST(a_secret_of_less_than_16_bytes_is_used_and_told)
{
    UNIT_INT(16, AUTH_KEY_MIN);
    check_guessed("auth-header = \"X-S\"", "123456789012345", 1);
    check_guessed("auth-header = \"X-S\"", "1234567890123456", 0);
    check_guessed("auth = \"aai-signature\"", "123456789012345\n", 1);
    check_guessed("auth = \"aai-signature\"", "1234567890123456\n", 0);
}

UNIT_TEST(of_a_secret_in_base64_the_bytes_that_it_means_are_counted)
{
    check_guessed("auth = \"standard-webhooks\"", "whsec_MTIzNDU2Nzg5MDEyMzQ1", 1);
    check_guessed("auth = \"standard-webhooks\"", "MTIzNDU2Nzg5MDEyMzQ1", 1);
    check_guessed("auth = \"standard-webhooks\"", "whsec_MTIzNDU2Nzg5MDEyMzQ1Ng==", 0);
}

UNIT_TEST(a_secret_that_others_can_read_is_used_and_told)
{
    static const struct {
        mode_t mode;
        const char *words;
    } modes[] = {{0600, ""}, {0400, ""}, {0640, "can read it"}, {0604, "chmod 600"}};

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct sk_told told;
        const struct settings *s;

        sk_put("conf", SK_ENDPOINT);
        sk_put("one", "the-first-secret");
        sk_put("two", "the-second-secret");
        UNIT_INT(0, chmod(sk_in("one"), modes[i].mode));
        s = sk_load(&told);
        UNIT_REQUIRE(s != NULL);
        UNIT_INT(2, s->secrets[0].count);
        sk_check_told(&told, *modes[i].words == '\0' ? 0 : 1, modes[i].words);
        settings_release(s);
    }
}

UNIT_TEST(a_pipe_or_folder_in_place_of_a_file_does_not_block)
{
    struct sk_told told;
    const struct settings *s;

    sk_put("conf", SK_ENDPOINT);
    UNIT_INT(0, mkfifo(sk_in("one"), 0600));
    sk_put("two", "the-second-secret");
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    sk_check_told(&told, 1, "is no regular file");
    settings_release(s);
    UNIT_INT(0, unlink(sk_in("conf")));
    UNIT_INT(0, mkdir(sk_in("conf"), 0700));
    load_fails("is no regular file");
}

UNIT_TEST(a_configuration_that_others_can_write_or_replace_is_refused)
{
    sk_put_all();
    UNIT_INT(0, chmod(sk_in("conf"), 0602));
    load_fails_with(STATUS_UNTRUSTED, "conf: others can write to it; run: chmod go-w ");
    UNIT_INT(0, chmod(sk_in("conf"), 0600));
    UNIT_INT(0, chmod(unit_folder(), 0707));
    load_fails_with(STATUS_UNTRUSTED, "others can write to it; run: chmod go-w ");
    UNIT_INT(0, chmod(unit_folder(), 0700));
}

UNIT_TEST(a_configuration_of_another_user_is_refused)
{
    UNIT_REQUIRE_ROOT();
    sk_put("conf", SK_ENDPOINT);
    UNIT_INT(0, chown(sk_in("conf"), SK_OTHER_USER, (gid_t)-1));
    load_fails_with(STATUS_UNTRUSTED, "belongs to user 54321");
}

UNIT_TEST(folders_of_another_user_are_told_once_for_configuration_and_secrets)
{
    struct sk_told told;
    const struct settings *s;

    UNIT_REQUIRE_ROOT();
    sk_put_all();
    UNIT_INT(0, chown(unit_folder(), SK_OTHER_USER, (gid_t)-1));
    UNIT_INT(0, chmod(sk_in(".."), 0755));
    s = sk_load(&told);
    UNIT_INT(0, chown(unit_folder(), 0, (gid_t)-1));
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(2, s->secrets[0].count);
    sk_check_told(&told, 1, "belongs to user 54321, who can change what is in it");
    UNIT_TRUE(strstr(s->foreign, told.last) == s->foreign);
    UNIT_INT('\n', s->foreign[strlen(told.last)]);
    UNIT_INT('\0', s->foreign[strlen(told.last) + 1]);
    settings_release(s);
}

UNIT_TEST(a_secret_that_others_can_write_or_replace_is_passed_over_and_told)
{
    struct sk_told told;
    const struct settings *s;

    sk_put_all();
    UNIT_INT(0, chmod(sk_in("one"), 0602));
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    UNIT_STR("the-second-secret", s->secrets[0].values[0]);
    sk_check_told(&told, 1, "one: others can write to it; run: chmod go-w ");
    settings_release(s);
    UNIT_INT(0, mkdir(sk_in("open"), 0700));
    UNIT_INT(0, chmod(sk_in("open"), 0707));
    UNIT_INT(0, rename(sk_in("one"), sk_in("open/one")));
    UNIT_INT(0, symlink("open/one", sk_in("one")));
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    sk_check_told(&told, 1, "open: others can write to it; run: chmod go-w ");
    settings_release(s);
}

UNIT_TEST(a_configuration_of_root_serves_everybody)
{
    struct sk_told told;
    const struct settings *s;

    UNIT_REQUIRE_ROOT();
    sk_put("conf", SK_ENDPOINT);
    sk_put("one", "the-first-secret");
    sk_put("two", "the-second-secret");
    UNIT_INT(0, chmod(unit_folder(), 0755));
    UNIT_INT(0, chmod(sk_in("conf"), 0644));
    UNIT_INT(0, chown(sk_in("one"), SK_OTHER_USER, (gid_t)-1));
    UNIT_INT(0, seteuid(SK_OTHER_USER));
    s = sk_load(&told);
    UNIT_INT(0, seteuid(0));
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    sk_check_told(&told, 1, "two: cannot be opened: Permission denied");
    settings_release(s);
}

UNIT_TEST(a_broken_or_missing_configuration_is_refused)
{
    struct buf text;

    load_fails("conf: cannot be opened: No such file or directory");
    sk_put("conf", "spol = \"/x\"\n");
    load_fails("conf:1: spol: unknown key");
    sk_put("conf", "");
    load_fails("spool: missing");
    buf_init(&text, CONFIG_FILE_MAX + 1);
    while (text.len < CONFIG_FILE_MAX + 1)
        buf_add_char(&text, '#');
    sk_put("conf", text.ptr);
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

    sk_put("conf", SK_ENDPOINT);
    sk_put("one", "the-first-secret");
    sk_put("two", "the-second-secret");
    UNIT_REQUIRE(limit >= 0);
    while (count < 1024 && (fds[count] = dup(0)) >= 0)
        count++;
    if (count < 1024) {
        close(limit);
        UNIT_STATUS(STATUS_OK, settings_load(&s, sk_in("conf"), NULL, NULL, &err), &err);
        limit = dup(0);
        UNIT_STATUS(STATUS_IO, settings_load(&s, sk_in("conf"), NULL, NULL, &err), &err);
    }
    close(limit);
    while (count > 0)
        close(fds[--count]);
    settings_release(s);
}

static enum status load_and_release(void *context, struct err *err)
{
    const struct settings *s = NULL;
    enum status status = settings_load(&s, sk_in("conf"), NULL, NULL, err);

    (void)context;
    UNIT_TRUE((status == STATUS_OK) == (s != NULL));
    settings_release(s);
    return status;
}

UNIT_TEST(what_the_system_denies_is_no_verdict_on_the_files)
{
    sk_put_all();
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, load_and_release, NULL);
    fault_each(FAULT_OPENAT, EMFILE, STATUS_IO, load_and_release, NULL);
    fault_each(FAULT_FSTAT, EIO, STATUS_IO, load_and_release, NULL);
    fault_each(FAULT_READ, EIO, STATUS_IO, load_and_release, NULL);
}

UNIT_TEST(what_is_wrong_with_a_secret_is_not_told_to_nobody)
{
    const struct settings *s = NULL;
    struct err err = ERR_INIT;

    sk_put("conf", SK_ENDPOINT);
    sk_put("two", "the-second-secret");
    UNIT_STATUS(STATUS_OK, settings_load(&s, sk_in("conf"), NULL, NULL, &err), &err);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    settings_release(s);
}

UNIT_TEST(a_secret_file_with_an_absolute_path_lies_there_and_another_beside_the_configuration)
{
    char text[500];
    struct sk_told told;
    const struct settings *s;

    UNIT_INT(0, mkdir(sk_in("sub"), 0700));
    snprintf(text, sizeof text,
             "spool = \"/spool\"\n"
             "endpoint a { auth-header = \"X-S\" secret-files = {\"%s\", \"sub/two\"} }\n",
             sk_in("one"));
    sk_put("conf", text);
    sk_put("one", "the-first-secret");
    sk_put("sub/two", "the-second-secret");
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(2, s->secrets[0].count);
    settings_release(s);
}

UNIT_TEST(a_configuration_of_the_user_that_we_run_as_is_ours)
{
    const struct settings *s = NULL;
    struct err err = ERR_INIT;

    UNIT_REQUIRE_ROOT();
    sk_put_all();
    UNIT_INT(0, chmod(unit_folder(), 0755));
    UNIT_INT(0, chown(sk_in("conf"), SK_OTHER_USER, (gid_t)-1));
    UNIT_INT(0, seteuid(SK_OTHER_USER));
    UNIT_STATUS(STATUS_OK, settings_load(&s, sk_in("conf"), NULL, NULL, &err), &err);
    UNIT_INT(0, seteuid(0));
    settings_release(s);
}

UNIT_TEST(a_secret_of_another_user_is_passed_over_and_told)
{
    struct sk_told told;
    const struct settings *s;

    UNIT_REQUIRE_ROOT();
    sk_put_all();
    UNIT_INT(0, chown(sk_in("one"), SK_OTHER_USER, (gid_t)-1));
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(1, s->secrets[0].count);
    sk_check_told(&told, 1, "one: belongs to user 54321, not to root or to user 0 that we run as");
    settings_release(s);
}

UNIT_TEST(root_takes_the_secrets_of_the_spools_owner_whom_it_serves)
{
    char text[400];
    struct sk_told told;
    const struct settings *s;

    UNIT_REQUIRE_ROOT();
    sk_put_all();
    UNIT_INT(0, mkdir(sk_in("spool"), 0700));
    snprintf(text, sizeof text,
             "spool = \"%s\"\nendpoint \"a\" { auth-header = \"X-S\" secret-files = {\"one\", "
             "\"two\"} }\n",
             sk_in("spool"));
    sk_put("conf", text);
    UNIT_INT(0, chown(sk_in("spool"), SK_OTHER_USER, (gid_t)-1));
    UNIT_INT(0, chown(sk_in("one"), SK_OTHER_USER, (gid_t)-1));
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    UNIT_INT(2, s->secrets[0].count);
    UNIT_INT(SK_OTHER_USER, s->user);
    UNIT_INT(0, told.count);
    settings_release(s);
}

static void note_secret(void *context, bool usable, const char *text)
{
    struct sk_told *told = context;

    sk_note(told, text);
    told->usable = usable;
}

/* Of one that is passed over, and is to blame for it. */
static void secret_is_to_blame(const char *path, const char *words)
{
    struct sk_told told = {.usable = true};
    struct err err = ERR_INIT;
    bool usable = true;
    struct buf out;

    buf_init(&out, SETTINGS_SECRET_MAX);
    UNIT_STATUS(STATUS_OK,
                settings_secret(path, geteuid(), &out, &usable, note_secret, NULL, &told, &err),
                &err);
    UNIT_FALSE(usable || told.usable);
    UNIT_INT(0, out.len);
    sk_check_told(&told, 1, words);
    UNIT_STATUS(STATUS_OK, settings_secret(path, geteuid(), &out, &usable, NULL, NULL, NULL, &err),
                &err);
    UNIT_FALSE(usable);
    buf_free(&out);
}

UNIT_TEST(a_secret_file_that_cannot_be_opened_is_to_blame_for_it)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char name[PATH_MAX + 2];

    sk_put("one", "the-first-secret");
    secret_is_to_blame(sk_in("absent"), "No such file");
    secret_is_to_blame(sk_in("one/below"), "Not a directory");
    UNIT_INT(0, symlink("loop", sk_in("loop")));
    secret_is_to_blame(sk_in("loop"), "symbolic links");
    snprintf(address.sun_path, sizeof address.sun_path, "%s", sk_in("socket"));
    UNIT_INT(0, bind(fd, (const struct sockaddr *)&address, sizeof address));
    close(fd);
    secret_is_to_blame(sk_in("socket"), "No such device or address");
    memset(name, 'n', sizeof name);
    name[0] = '/';
    name[sizeof name - 1] = '\0';
    /* The path leaves no room for itself in the sentence. */
    secret_is_to_blame(name, "cannot be opened: File name too long");
    UNIT_REQUIRE_ROOT();
    UNIT_INT(0, chmod(unit_folder(), 0755));
    UNIT_INT(0, seteuid(SK_OTHER_USER));
    secret_is_to_blame(sk_in("one"), "Permission denied");
    UNIT_INT(0, seteuid(0));
}

static enum status read_secret(void *context, struct err *err)
{
    struct buf out;
    bool usable = true;
    enum status status;

    (void)context;
    buf_init(&out, SETTINGS_SECRET_MAX);
    status = settings_secret(sk_in("one"), geteuid(), &out, &usable, NULL, NULL, NULL, err);
    UNIT_TRUE(usable == (status == STATUS_OK));
    buf_free(&out);
    return status;
}

UNIT_TEST(a_secret_that_the_system_does_not_let_us_read_is_not_passed_over)
{
    sk_put("one", "the-first-secret");
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
    struct sk_told told;
    struct problems p = {0};
    const struct settings *s;

    sk_put("conf", SK_ENDPOINT);
    sk_put("one", "the-first-secret");
    sk_put("two", "the-second-secret");
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    settings_problems(s, note_problem, &p);
    UNIT_TEXT("", p.files);
    UNIT_INT(0, chmod(sk_in("one"), 0644));
    UNIT_INT(0, unlink(sk_in("two")));
    settings_problems(s, note_problem, &p);
    UNIT_TEXT("/one /two ", p.files);
    UNIT_INT(1, p.usable);
    UNIT_INT(1, p.unusable);
    settings_release(s);
}

UNIT_TEST(a_secret_file_that_cannot_be_looked_at_now_is_a_problem)
{
    struct sk_told told;
    struct problems p = {0};
    const struct settings *s;

    sk_put_all();
    s = sk_load(&told);
    UNIT_REQUIRE(s != NULL);
    fault_arm(FAULT_OPENAT, 2, EMFILE);
    settings_problems(s, note_problem, &p);
    UNIT_TRUE(fault_disarm());
    UNIT_TEXT("/two ", p.files);
    UNIT_INT(1, p.unusable);
    settings_release(s);
}
