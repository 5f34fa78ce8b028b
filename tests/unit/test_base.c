/* SPDX-License-Identifier: MIT
 * test_base - buffers, strings, numbers, clock, files, digests.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/mac.h"
#include "base/num.h"
#include "base/siphash.h"
#include "base/text.h"
#include "base/user.h"
#include "fault_kit.h"
#include "unit.h"

UNIT_TEST(every_status_maps_to_an_answer_and_our_own_trouble_is_always_503)
{
    for (int s = STATUS_CONFIG; s < STATUS_COUNT; s++)
        UNIT_INT(503, status_http((enum status)s));
    for (int s = STATUS_OK; s < STATUS_COUNT; s++)
        UNIT_TRUE(status_name((enum status)s) != NULL);
    UNIT_INT(200, status_http(STATUS_OK));
    UNIT_INT(401, status_http(STATUS_UNAUTHORIZED));
    UNIT_INT(503, status_http(STATUS_TRUNCATED));
    UNIT_INT(503, status_http((enum status)999));
}

UNIT_TEST(the_first_failure_keeps_its_words)
{
    struct err err = ERR_INIT;

    UNIT_INT(STATUS_LIMIT, err_set(&err, STATUS_LIMIT, "first %d", 1));
    UNIT_INT(STATUS_CONFIG, err_set(&err, STATUS_CONFIG, "second"));
    UNIT_INT(STATUS_LIMIT, err.status);
    UNIT_TEXT("first 1", err.text);
}

UNIT_TEST(words_that_were_kept_apart_are_passed_on_with_a_failure_only)
{
    struct err why = {.status = STATUS_IO, .text = "cannot read 100 %s"};
    struct err err = ERR_INIT;

    UNIT_INT(STATUS_OK, err_pass(&err, STATUS_OK, &why));
    UNIT_INT(STATUS_OK, err.status);
    UNIT_INT(STATUS_CORRUPT, err_pass(&err, STATUS_CORRUPT, &why));
    UNIT_INT(STATUS_CORRUPT, err.status);
    UNIT_TEXT("cannot read 100 %s", err.text);
    UNIT_INT(STATUS_IO, err_pass(NULL, STATUS_IO, &why));
}

UNIT_TEST(an_ignored_failure_leaves_no_words_behind)
{
    struct err err = ERR_INIT;

    UNIT_INT(STATUS_OK, err_ignore(&err, STATUS_OK, STATUS_CORRUPT));
    UNIT_INT(STATUS_OK,
             err_ignore(&err, err_set(&err, STATUS_CORRUPT, "no result"), STATUS_CORRUPT));
    UNIT_INT(STATUS_IO, err_ignore(&err, err_set(&err, STATUS_IO, "cannot read"), STATUS_CORRUPT));
    UNIT_TEXT("cannot read", err.text);
    UNIT_INT(STATUS_OK, err_ignore(NULL, STATUS_CORRUPT, STATUS_CORRUPT));
}

UNIT_TEST(errno_becomes_a_status_and_words)
{
    struct err err = ERR_INIT;

    errno = ENOSPC;
    UNIT_INT(STATUS_NO_SPACE, err_errno(&err, "cannot write %s", "x"));
    UNIT_TEXT("cannot write x: No space left on device", err.text);
    errno = EDQUOT;
    UNIT_INT(STATUS_NO_SPACE, err_errno(NULL, "x"));
    errno = ENOMEM;
    UNIT_INT(STATUS_MEMORY, err_errno(NULL, "x"));
    errno = EIO;
    UNIT_INT(STATUS_IO, err_errno(NULL, "x"));
}

UNIT_TEST(a_buffer_takes_its_maximum_and_not_one_byte_more)
{
    struct err err = ERR_INIT;
    struct buf b;

    buf_init(&b, 4);
    buf_add_text(&b, "abcd");
    UNIT_STATUS(STATUS_OK, buf_status(&b, "it", &err), &err);
    buf_add_char(&b, 'e');
    UNIT_INT(STATUS_LIMIT, buf_status(&b, "it", &err));
    UNIT_TEXT("it is larger than 4 bytes", err.text);
    UNIT_STR("abcd", buf_str(&b));
    buf_free(&b);
}

UNIT_TEST(a_failed_buffer_stays_failed_until_it_is_reset)
{
    struct buf b;

    buf_init(&b, 4);
    buf_add_text(&b, "abcde");
    buf_add_text(&b, "a");
    UNIT_INT(0, b.len);
    buf_reset(&b, 1024);
    buf_printf(&b, "%d", 12);
    UNIT_STR("12", buf_str(&b));
    buf_free(&b);
}

UNIT_TEST(an_unused_buffer_is_an_empty_terminated_string)
{
    struct buf b;

    buf_init(&b, 4);
    UNIT_TEXT("", b.ptr);
    buf_add(&b, NULL, 0);
    buf_free(&b);
    UNIT_TEXT("", b.ptr);
}

UNIT_TEST(numbers_are_taken_whole_or_not_at_all)
{
    static const char *const bad[] = {"",   "-1", "+1", " 1", "1 ", "1x", "18446744073709551616",
                                      "0x1"};
    uint64_t n = 7;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        UNIT_FALSE(num_u64(str_of(bad[i]), &n));
    UNIT_INT(7, n);
    UNIT_TRUE(num_u64(STR("18446744073709551615"), &n));
    UNIT_HEX(UINT64_MAX, n);
}

UNIT_TEST(sizes_and_durations_know_their_units)
{
    uint64_t n;

    UNIT_TRUE(num_size(STR("16M"), &n) && n == 16 << 20);
    UNIT_TRUE(num_size(STR("0"), &n) && n == 0);
    UNIT_FALSE(num_size(STR("16MB"), &n));
    UNIT_FALSE(num_size(STR("M"), &n));
    UNIT_FALSE(num_size(STR("18446744073709551615K"), &n));
    UNIT_TRUE(num_duration(STR("90d"), &n) && n == 90 * 86400);
    UNIT_TRUE(num_duration(STR("5m"), &n) && n == 300);
    UNIT_TRUE(num_duration(STR("30"), &n) && n == 30);
    UNIT_FALSE(num_duration(STR("1y"), &n));
}

UNIT_TEST(cutting_and_trimming_leave_the_rest)
{
    struct str head;
    struct str rest;

    UNIT_TRUE(str_cut(STR("a=b=c"), '=', &head, &rest));
    UNIT_STR("a", head);
    UNIT_STR("b=c", rest);
    UNIT_FALSE(str_cut(STR("abc"), '=', &head, &rest));
    UNIT_STR("abc", head);
    UNIT_TRUE(rest.ptr == NULL);
    UNIT_STR("a b", str_trim(STR("\t a b ")));
    UNIT_TRUE(str_only(STR("abba"), "ab"));
    UNIT_FALSE(str_only(STR(""), "ab"));
    UNIT_FALSE(str_only(((struct str){"a\0b", 3}), "ab"));
}

UNIT_TEST(times_are_printed_in_utc_with_milliseconds)
{
    char text[CLOCK_ISO_MAX];

    clock_iso(0, text);
    UNIT_TEXT("1970-01-01T00:00:00.000Z", text);
    clock_iso(1795420218966999999, text);
    UNIT_TEXT("2026-11-23T07:50:18.966Z", text);
    clock_iso(-1, text);
    UNIT_TEXT("1969-12-31T23:59:59.999Z", text);
    clock_iso(2147483648LL * 1000000000, text);
    UNIT_TEXT("2038-01-19T03:14:08.000Z", text);
    clock_iso(951782400LL * 1000000000, text);
    UNIT_TEXT("2000-02-29T00:00:00.000Z", text);
}

UNIT_TEST(times_are_read_back_as_they_were_printed)
{
    for (int64_t s = -86400LL * 4000; s < 86400LL * 365 * 90; s += 86400LL * 13 + 12345) {
        char text[CLOCK_ISO_MAX];
        int64_t ns = -1;

        clock_iso(s * 1000000000 + 7000000, text);
        UNIT_TRUE(clock_iso_parse(str_of(text), &ns));
        UNIT_INT(s * 1000000000 + 7000000, ns);
    }
}

UNIT_TEST(dates_that_do_not_exist_are_refused)
{
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-02-29",
                                      "2026-13-01",
                                      "2026-00-10",
                                      "2026-11-23T24:00",
                                      "2026-11-23T07:50:18.",
                                      "2026-11-23T07:50Zx",
                                      "2026-11-31",
                                      "2026-11-23T",
                                      "9999-01-01"};
    int64_t ns = 5;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        UNIT_FALSE(clock_iso_parse(str_of(bad[i]), &ns));
    UNIT_INT(5, ns);
    UNIT_TRUE(clock_iso_parse(STR("2028-02-29"), &ns));
    UNIT_TRUE(clock_iso_parse(STR("2026-11-23 07:50"), &ns));
    UNIT_INT(1795420200LL * 1000000000, ns);
}

UNIT_TEST(times_of_other_zones_are_read_as_the_moment_that_they_mean)
{
    static const char *const same[] = {
        "2026-11-23T07:50:18.966",       "2026-11-23T07:50:18.966Z",
        "2026-11-23T07:50:18.966+00:00", "2026-11-23 07:50:18.966-00",
        "2026-11-23T13:20:18.966+05:30", "2026-11-22T23:50:18.966-0800",
        "2026-11-23T08:50:18.966+01"};
    static const char *const bad[] = {"2026-11-23T07:50+",     "2026-11-23T07:50+1",
                                      "2026-11-23T07:50+01:",  "2026-11-23T07:50+24:00",
                                      "2026-11-23T07:50+0160", "2026-11-23T07:50+01:00Z",
                                      "2026-11-23T07:50Z+01",  "2026-11-23+01:00"};
    int64_t ns = 5;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        UNIT_FALSE(clock_iso_parse(str_of(bad[i]), &ns));
    UNIT_INT(5, ns);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        UNIT_TRUE(clock_iso_parse(str_of(same[i]), &ns));
        UNIT_INT(1795420218966LL * 1000000, ns);
    }
}

UNIT_TEST(boots_named_by_time_may_differ_by_a_minute)
{
    char here[CLOCK_BOOT_MAX];

    clock_boot_id(here);
    UNIT_TRUE(strlen(here) > 4);
    UNIT_TRUE(clock_boot_same(here, here));
    UNIT_TRUE(clock_boot_same("time:100", "time:101"));
    UNIT_FALSE(clock_boot_same("time:100", "time:102"));
    UNIT_FALSE(clock_boot_same("a", "b"));
}

UNIT_TEST(crc32c_gives_the_published_values_both_ways)
{
    char zeros[32] = {0};

    UNIT_HEX(0xe3069283, crc32c(0, "123456789", 9));
    UNIT_HEX(0xe3069283, crc32c_table(0, "123456789", 9));
    UNIT_HEX(0x8a9136aa, crc32c(0, zeros, 32));
    UNIT_HEX(0x8a9136aa, crc32c_table(0, zeros, 32));
    UNIT_HEX(crc32c(0, "123456789", 9), crc32c(crc32c(0, "1234", 4), "56789", 5));
}

UNIT_TEST(siphash_gives_the_values_of_the_paper)
{
    uint8_t key[16];
    uint8_t in[15];

    for (uint8_t i = 0; i < 16; i++)
        key[i] = i;
    for (uint8_t i = 0; i < 15; i++)
        in[i] = i;
    UNIT_HEX(0xa129ca6149be45e5, siphash(key, in, 15));
    UNIT_HEX(0x726fdb47dd0e0e31, siphash(key, in, 0));
}

UNIT_TEST(digests_give_the_published_values)
{
    const struct str abc[] = {STR("a"), STR("bc")};
    const struct str jefe = STR("what do ya want for nothing?");
    struct mac_stream stream;
    uint8_t out[MAC_SHA256_LEN];
    struct buf hex;

    buf_init(&hex, 256);
    mac_sha256(abc, 2, out);
    text_hex(&hex, out, 4);
    mac_stream_init(&stream);
    mac_stream_add(&stream, "ab", 2);
    mac_stream_add(&stream, "c", 1);
    mac_stream_end(&stream, out);
    text_hex(&hex, out, 4);
    mac_hmac_sha256(STR("Jefe"), &jefe, 1, out);
    text_hex(&hex, out, 4);
    UNIT_STR("ba7816bfba7816bf5bdcc146", buf_str(&hex));
    buf_free(&hex);
}

UNIT_TEST(secrets_match_whole_or_not_at_all)
{
    UNIT_TRUE(mac_secret_equal(STR("hunter2"), STR("hunter2")));
    UNIT_FALSE(mac_secret_equal(STR("hunter2"), STR("hunter")));
    UNIT_FALSE(mac_secret_equal(STR("hunter2"), STR("hunter2, hunter2")));
    UNIT_FALSE(mac_secret_equal(STR("hunter2"), STR("")));
}

UNIT_TEST(base64_is_strict)
{
    static const char *const bad[] = {"Zg=", "Zg", "Z", "Zm9v\n", "Zm 9v", "Zg==Zg==", "Zm9_"};
    struct buf b;

    buf_init(&b, 64);
    mac_base64(&b, "foobar!", 7);
    UNIT_STR("Zm9vYmFyIQ==", buf_str(&b));
    buf_reset(&b, 64);
    UNIT_TRUE(mac_base64_decode(&b, STR("Zm9vYmFyIQ==")));
    UNIT_STR("foobar!", buf_str(&b));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        UNIT_FALSE(mac_base64_decode(&b, str_of(bad[i])));
    buf_free(&b);
}

UNIT_TEST(closed_descriptors_are_held_and_open_ones_are_left_alone)
{
    struct stat null_sb, sb;

    UNIT_INT(0, stat("/dev/null", &null_sb));
    file_close_from(5);
    UNIT_INT(7, fcntl(STDOUT_FILENO, F_DUPFD, 7));
    (void)close(3);
    (void)close(4);
    UNIT_TRUE(file_hold(4));
    for (int fd = 3; fd <= 4; fd++)
        UNIT_TRUE(fstat(fd, &sb) == 0 && sb.st_rdev == null_sb.st_rdev);
    UNIT_INT(-1, fcntl(5, F_GETFD));
    UNIT_INT(0, fcntl(7, F_GETFD));
    file_close_from(7);
    UNIT_INT(-1, fcntl(7, F_GETFD));
}

UNIT_TEST(a_replaced_file_holds_the_new_bytes_and_leaves_no_temporary)
{
    int dir = file_open(AT_FDCWD, unit_folder(), O_RDONLY | O_DIRECTORY, 0);
    struct buf b;

    UNIT_REQUIRE(dir >= 0);
    buf_init(&b, 3);
    UNIT_INT(0, file_replace(dir, "t", "f", "old", 3, 0600));
    UNIT_INT(0, file_replace(dir, "t", "f", "new", 3, 0600));
    UNIT_INT(0, file_slurp(dir, "f", &b));
    UNIT_STR("new", buf_str(&b));
    UNIT_INT(-1, faccessat(dir, "t", F_OK, 0));
    UNIT_INT(0, file_replace(dir, "t", "f", "four", 4, 0600));
    buf_reset(&b, 64);
    UNIT_INT(-1, file_slurp(dir, "f", &b));
    UNIT_INT(EFBIG, errno);
    buf_free(&b);
    file_close(&dir);
}

UNIT_TEST(a_held_lock_is_given_up_at_the_deadline)
{
    int dir = file_open(AT_FDCWD, unit_folder(), O_RDONLY | O_DIRECTORY, 0);
    int a = file_open(dir, "lock", O_RDWR | O_CREAT, 0600);
    int b = file_open(dir, "lock", O_RDWR, 0600);

    UNIT_INT(0, file_lock(a, 0));
    UNIT_INT(-1, file_lock(b, clock_mono_ns() + 3000000));
    UNIT_INT(EWOULDBLOCK, errno);
    file_unlock(a);
    UNIT_INT(0, file_lock(b, 0));
    file_close(&a);
    file_close(&b);
    file_close(&dir);
}

UNIT_TEST(users_are_found_by_name_and_by_number_in_the_password_file)
{
    static const char rows[] = "root:x:0:0::/root:/bin/sh\n"
                               "broken line\n"
                               "relative:x:54320:7::home:/bin/sh\n"
                               "u:x:54321:1:U:/home/u:/bin/sh\n";
    int dir = file_open(AT_FDCWD, unit_folder(), O_RDONLY | O_DIRECTORY, 0);
    struct user user = {.uid = 5};
    struct err err = ERR_INIT;
    char path[128];

    UNIT_INT(0, file_replace(dir, "t", "passwd", rows, sizeof rows - 1, 0600));
    file_close(&dir);
    snprintf(path, sizeof path, "%s/passwd", unit_folder());
    UNIT_STATUS(STATUS_MISSING, user_find(path, "nobody-here", 54321, &user, &err), &err);
    UNIT_STATUS(STATUS_MISSING, user_find(path, NULL, 7, &user, &err), &err);
    UNIT_STATUS(STATUS_MISSING, user_find("/nowhere/passwd", NULL, 0, &user, &err), &err);
    UNIT_INT(5, user.uid);
    UNIT_INT(STATUS_OK, err.status);
    UNIT_REQUIRE(user_find(path, "u", 0, &user, &err) == STATUS_OK);
    UNIT_INT(54321, user.uid);
    UNIT_INT(1, user.gid);
    UNIT_TEXT("/home/u", user.home);
    user_free(&user);
    UNIT_REQUIRE(user_find(path, NULL, 54320, &user, &err) == STATUS_OK);
    UNIT_INT(7, user.gid);
    UNIT_TRUE(user.home == NULL);
    user_free(&user);
}

static enum status find_this_user(void *file, struct err *err)
{
    struct user user = {.uid = 5};
    enum status status = user_find(file, "u", 0, &user, err);

    UNIT_INT(status == STATUS_OK ? 54321 : 5, user.uid);
    if (status == STATUS_OK)
        user_free(&user);
    return status;
}

UNIT_TEST(a_user_who_cannot_be_looked_up_is_not_missing)
{
    static const char rows[] = "u:x:54321:1:U:/home/u:/bin/sh\n";
    int dir = file_open(AT_FDCWD, unit_folder(), O_RDONLY | O_DIRECTORY, 0);
    struct err err = ERR_INIT;
    struct rlimit limit;
    char path[128], folder[128];

    UNIT_INT(0, file_replace(dir, "t", "passwd", rows, sizeof rows - 1, 0600));
    snprintf(path, sizeof path, "%s/passwd", unit_folder());
    snprintf(folder, sizeof folder, "%s", unit_folder());
    fault_each(FAULT_MEMORY, ENOMEM, STATUS_MEMORY, find_this_user, path);
    UNIT_STATUS(STATUS_IO, find_this_user(folder, &err), &err);
    /* No descriptor is left. */
    UNIT_REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    file_close(&dir);
    dir = open("/dev/null", O_RDONLY | O_CLOEXEC);
    limit.rlim_cur = (rlim_t)dir;
    file_close(&dir);
    UNIT_INT(0, setrlimit(RLIMIT_NOFILE, &limit));
    err_clear(&err);
    UNIT_STATUS(STATUS_IO, find_this_user(path, &err), &err);
    UNIT_TRUE(strstr(err.text, path) != NULL);
    /* What looks for leaks needs some. */
    limit.rlim_cur = limit.rlim_max;
    UNIT_INT(0, setrlimit(RLIMIT_NOFILE, &limit));
}
