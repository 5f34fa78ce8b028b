/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/event_text.h"
#include "admin/filter.h"
#include "admin/init_text.h"
#include "admin/verbs/verbs.h"
#include "admin/webroot.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/help.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/values.h"
#include "core/config/config.h"
#include "reader_kit.h"
#include "unit.h"

#define ARGUMENTS_MAX 8
#define DAY_NS (INT64_C(86400) * 1000000000)
#define NOW_NS (INT64_C(20000) * DAY_NS)

/* Runs the program with these words, ended by NULL, and gives what it wrote to stdout. */
static enum status run(struct buf *out, struct err *err, const char *const *words)
{
    char *owned[ARGUMENTS_MAX + 2] = {str_dup(STR("stenohook"))};
    char *argv[ARGUMENTS_MAX + 2]; /* options are taken out of it */
    char path[256];
    enum status status;
    int argc = 1;
    int kept, fd;

    for (; words[argc - 1] != NULL; argc++)
        owned[argc] = str_dup(str_of(words[argc - 1]));
    memcpy(argv, owned, sizeof argv);
    snprintf(path, sizeof path, "%s/stdout", unit_folder());
    fflush(stdout);
    kept = dup(STDOUT_FILENO);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(fd, STDOUT_FILENO);
    status = command_run(&admin_program, argc, argv, err);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    close(fd);
    buf_reset(out, 65536);
    UNIT_INT(0, file_slurp(AT_FDCWD, path, out));
    for (int i = 0; i < ARGUMENTS_MAX + 1; i++)
        free(owned[i]);
    return status;
}

#define RUN(out, err, ...) run(out, err, (const char *const[]){__VA_ARGS__, NULL})

/* STATUS_USAGE, nothing on stdout, and words that hold `part`. */
static void refused(const char *part, const char *const *words)
{
    struct err err = ERR_INIT;
    struct buf out;

    buf_init(&out, 65536);
    UNIT_STATUS(STATUS_USAGE, run(&out, &err, words), &err);
    UNIT_INT(0, out.len);
    if (strstr(err.text, part) == NULL)
        UNIT_TEXT(part, err.text);
    buf_free(&out);
}

#define REFUSED(part, ...) refused(part, (const char *const[]){__VA_ARGS__, NULL})

UNIT_TEST(help_names_every_command)
{
    static const char *const ways[] = {"--help", "-h", "help"};
    struct err err = ERR_INIT;
    struct buf out;

    buf_init(&out, 65536);
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        UNIT_STATUS(STATUS_OK, RUN(&out, &err, ways[way]), &err);
        for (size_t i = 0; i < admin_program.count; i++)
            UNIT_TRUE(strstr(out.ptr, admin_program.commands[i].name) != NULL &&
                      strstr(out.ptr, admin_program.commands[i].summary) != NULL);
    }
    buf_free(&out);
}

UNIT_TEST(help_of_a_command_shows_its_arguments_and_options)
{
    struct err err = ERR_INIT;
    struct buf out;

    buf_init(&out, 65536);
    for (size_t i = 0; i < admin_program.count; i++) {
        const struct command *c = &admin_program.commands[i];

        if (c->raw)
            continue;
        UNIT_STATUS(STATUS_OK, RUN(&out, &err, "help", c->name), &err);
        UNIT_TRUE(strstr(out.ptr, c->arguments) != NULL && strstr(out.ptr, c->help) != NULL);
        for (const struct options_row *o = c->options; o->name != NULL; o++)
            UNIT_TRUE(strstr(out.ptr, o->name) != NULL);
        UNIT_STATUS(STATUS_OK, RUN(&out, &err, c->name, "--frob", "--help"), &err);
        UNIT_TRUE(strstr(out.ptr, c->help) != NULL);
        UNIT_STATUS(STATUS_OK, RUN(&out, &err, c->name, "-h"), &err);
        UNIT_TRUE(strstr(out.ptr, c->help) != NULL && strstr(out.ptr, "\n\n\n") == NULL);
    }
    buf_free(&out);
}

/* Ids are what a verb tells its options apart by, and getopt's tables have room for so many. */
UNIT_TEST(the_options_of_a_command_differ_and_fit)
{
    for (size_t i = 0; i < admin_program.count; i++) {
        const struct options_row *o = admin_program.commands[i].options;
        size_t n = 0;

        for (; o != NULL && o[n].name != NULL; n++) {
            UNIT_TRUE(strchr(o[n].help, '\t') == NULL && o[n].help[0] != '\0');
            for (size_t k = 0; k < n; k++)
                UNIT_TRUE(o[k].id != o[n].id && strcmp(o[k].name, o[n].name) != 0);
            for (const char *line = o[n].help; line != NULL; line = strchr(line, '\n')) {
                line += *line == '\n';
                UNIT_TRUE(strcspn(line, "\n") <= OPTIONS_HELP_WIDTH);
            }
        }
        UNIT_TRUE(n <= OPTIONS_MAX);
    }
}

static const struct options_row some_options[] = {
    {'n', "number", "N", NULL, "a number"},
    {'v', "verbose", NULL, NULL, "more words,\nmany more"},
    {OPTIONS_LONG, "a-very-long-option", "VALUE", "one two", "takes two"},
    {OPTIONS_LONG + 1, "file", "FILE", NULL, "it's a [file]: a\\b"},
    {0},
};
static const struct command some_commands[] = {
    {.name = "go",
     .arguments = "[OPTION ...] ID",
     .summary = "go there",
     .help = "Notes.\n",
     .options = some_options},
    {.name = "say", .arguments = "hi | ho", .summary = "say it", .help = ""},
};
static const struct command_program some_program = {
    .name = "prog", .manuals = "prog(1)", .commands = some_commands, .count = 2};

UNIT_TEST(help_is_made_from_the_rows_of_options)
{
    struct buf out;

    buf_init(&out, 65536);
    help_command(&out, &some_program, &some_commands[0]);
    UNIT_STR("usage: prog [--config FILE] go [OPTION ...] ID\n\ngo: go there\n\n"
             "  -n, --number N   a number\n"
             "  -v, --verbose    more words,\n"
             "                   many more\n"
             "  --a-very-long-option VALUE\n"
             "                   takes two\n"
             "  --file FILE      it's a [file]: a\\b\n"
             "\nNotes.\n",
             buf_str(&out));
    buf_free(&out);
}

UNIT_TEST(options_are_taken_as_their_rows_say)
{
    char *argv[] = {(char[]){"go"}, (char[]){"x"}, (char[]){"-vn7"}, (char[]){"--a-very=one"},
                    NULL};
    struct err err = ERR_INIT;
    enum status status;

    options_begin();
    UNIT_INT('v', options_take(some_options, 4, argv, &status, &err));
    UNIT_INT('n', options_take(some_options, 4, argv, &status, &err));
    UNIT_TEXT("7", optarg);
    UNIT_INT(OPTIONS_LONG, options_take(some_options, 4, argv, &status, &err));
    UNIT_TEXT("one", optarg);
    UNIT_INT(-1, options_take(some_options, 4, argv, &status, &err));
    UNIT_TEXT("x", argv[optind]);
}

UNIT_TEST(version_is_one_line)
{
    struct err err = ERR_INIT;
    struct buf out;

    buf_init(&out, 65536);
    UNIT_STATUS(STATUS_OK, RUN(&out, &err, "--version"), &err);
    UNIT_STR("stenohook " PACKAGE_VERSION "\n", buf_str(&out));
    buf_free(&out);
}

UNIT_TEST(wrong_use_names_the_fault_and_the_remedy)
{
    REFUSED("stenohook help", "--");
    REFUSED("unknown command 'frobnicate': 'stenohook help' lists all", "frobnicate");
    REFUSED("unknown option '--frob': see 'stenohook --help'", "--frob");
    REFUSED("unknown option '-z': see 'stenohook help check'", "check", "-vz");
    REFUSED("unknown option '--frob': see 'stenohook help list'", "list", "--frob");
    REFUSED("option '--since' needs a value: see 'stenohook help list'", "list", "--since");
    REFUSED("option '-n' needs a value: see 'stenohook help list'", "list", "-n");
    REFUSED("unexpected argument 'more': see 'stenohook help list'", "list", "more");
    REFUSED("show: missing ID: see 'stenohook help show'", "show");
    REFUSED("completion: missing SHELL: see 'stenohook help completion'", "completion");
    REFUSED("rejected show: missing NAME: see 'stenohook help rejected'", "rejected", "show");
    REFUSED("missing list, show or accept: see 'stenohook help rejected'", "rejected");
    REFUSED("'2:2'", "show", "1:1", "2:2");
    REFUSED("remove --format", "show", "--raw", "--format", "json", "1:1");
    REFUSED("text or json", "list", "--format", "xml");
    REFUSED("1 to", "list", "-n", "0");
    REFUSED("1 to", "list", "-n", "-1");
    REFUSED("1 to 10000000", "list", "-n", "10000001");
    REFUSED("24h", "list", "--since", "yesterday");
    REFUSED("voice_agent", "list", "--kind", "transcript,frob");
    REFUSED("empty value", "list", "--status", "a,,b");
    REFUSED("option '--config' needs", "verify", "--config");
    REFUSED("one command", "help", "list", "show");
    REFUSED("'frob'", "help", "frob");
}

UNIT_TEST(a_command_with_a_slip_of_the_pen_is_guessed)
{
    REFUSED("unknown command 'lst': did you mean 'list'?", "lst");
    REFUSED("unknown command 'rejceted': did you mean 'rejected'?", "rejceted", "list");
    REFUSED("unknown command 'statz': did you mean 'stats'?", "help", "statz");
}

UNIT_TEST(a_length_of_time_is_told_in_its_largest_unit)
{
    static const struct {
        uint64_t seconds;
        const char *text;
    } cases[] = {
        {0, "0 seconds"},      {1, "1 second"},   {119, "119 seconds"}, {120, "2 minutes"},
        {7199, "119 minutes"}, {7200, "2 hours"}, {2592892, "30 days"}, {172800, "2 days"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[PRINT_DURATION_MAX];

        print_duration(text, cases[i].seconds);
        UNIT_TEXT(cases[i].text, text);
    }
    UNIT_TEXT("s", print_plural(0));
    UNIT_TEXT("", print_plural(1));
    UNIT_TEXT("s", print_plural(2));
}

UNIT_TEST(a_progress_line_is_erased_before_other_words)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    const char *expected = "\r\x1b[K1 of 3\r\x1b[Kone\r\ntwo\r\n";
    char seen[200] = "";
    ssize_t got = 1;
    int kept, fd;

    UNIT_REQUIRE(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    kept = dup(STDERR_FILENO);
    UNIT_TRUE(freopen("/dev/null", "w", stderr) != NULL);
    progress_show("no terminal");
    dup2(fd, STDERR_FILENO);
    progress_show("%d of 3", 1);
    print_hint("one");
    print_hint("two");
    dup2(kept, STDERR_FILENO);
    close(kept);
    for (size_t len = 0; len < strlen(expected) && got > 0; len += (size_t)got)
        got = read(terminal, seen + len, sizeof seen - 1 - len);
    UNIT_TEXT(expected, seen);
    close(fd);
    close(terminal);
}

UNIT_TEST(progress_is_shown_at_most_ten_times_a_second)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    uint64_t begun_ns = clock_mono_ns(), most;
    char seen[4096] = "";
    unsigned shown = 0;
    ssize_t got = 1;
    int fd;

    UNIT_REQUIRE(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    UNIT_REQUIRE(fd >= 0 && dup2(fd, STDERR_FILENO) == STDERR_FILENO);
    for (int i = 0; i < 50; i++)
        progress_show("x");
    most = (clock_mono_ns() - begun_ns) / (100 * NS_PER_MS) + 1;
    /* A terminal hands over what was written when it comes to that: it is all here with the end. */
    UNIT_INT(1, write(fd, "$", 1));
    for (size_t len = 0; strchr(seen, '$') == NULL && got > 0; len += (size_t)got)
        got = read(terminal, seen + len, sizeof seen - 1 - len);
    for (const char *at = seen; (at = strchr(at, 'x')) != NULL; at++)
        shown++;
    UNIT_TRUE(shown >= 1 && shown <= most);
    close(fd);
    close(terminal);
}

UNIT_TEST(a_configuration_is_taken_before_and_behind_the_command)
{
    struct err err = ERR_INIT;
    struct buf out;

    buf_init(&out, 65536);
    UNIT_STATUS(STATUS_CONFIG, RUN(&out, &err, "--config", "/nonexistent/a.conf", "verify"), &err);
    UNIT_TRUE(strstr(err.text, "/nonexistent/a.conf") != NULL);
    err_clear(&err);
    UNIT_STATUS(STATUS_CONFIG, RUN(&out, &err, "verify", "--config=/nonexistent/b.conf"), &err);
    UNIT_TRUE(strstr(err.text, "/nonexistent/b.conf") != NULL);
    err_clear(&err);
    UNIT_STATUS(STATUS_CONFIG, RUN(&out, &err, "show", "--config", "/nonexistent/c.conf", "1:1"),
                &err);
    UNIT_TRUE(strstr(err.text, "/nonexistent/c.conf") != NULL);
    err_clear(&err);
    UNIT_STATUS(STATUS_CONFIG,
                RUN(&out, &err, "--config", "/nonexistent/d.conf", "list", "-n", "10000000"), &err);
    UNIT_INT(0, out.len);
    buf_free(&out);
}

UNIT_TEST(a_time_is_an_age_or_a_date)
{
    struct err err = ERR_INIT;
    int64_t t = 0;

    UNIT_STATUS(STATUS_OK, value_time(&t, "--since", "24h", NOW_NS, &err), &err);
    UNIT_INT(NOW_NS - DAY_NS, t);
    UNIT_STATUS(STATUS_OK, value_time(&t, "--since", "1970-01-02", NOW_NS, &err), &err);
    UNIT_INT(DAY_NS, t);
    UNIT_STATUS(STATUS_OK, value_time(&t, "--since", "1970-01-02T00:00:01Z", NOW_NS, &err), &err);
    UNIT_INT(DAY_NS + 1000000000, t);
    UNIT_STATUS(STATUS_OK, value_time(&t, "--since", "100000d", NOW_NS, &err), &err);
    UNIT_INT(0, t);
    UNIT_STATUS(STATUS_USAGE, value_time(&t, "--since", "", NOW_NS, &err), &err);
}

static struct record some_record(const char *kind, const char *status, const char *endpoint,
                                 int64_t received_ns)
{
    return (struct record){.kind = str_of(kind),
                           .status = status == NULL ? STR_NONE : str_of(status),
                           .endpoint = str_of(endpoint),
                           .received_ns = received_ns};
}

UNIT_TEST(a_filter_takes_what_is_in_each_of_its_lists)
{
    struct filter filter = {.has_since = true, .since_ns = 100, .has_until = true, .until_ns = 200};
    struct err err = ERR_INIT;
    struct record r;

    UNIT_STATUS(STATUS_OK, filter_add(&filter.statuses, "--status", "completed, error", &err),
                &err);
    UNIT_STATUS(STATUS_OK, filter_add_kinds(&filter.kinds, "transcript", &err), &err);
    UNIT_STATUS(STATUS_OK, filter_add(&filter.endpoints, "--endpoint", "a", &err), &err);
    UNIT_STATUS(STATUS_OK, filter_add(&filter.endpoints, "--endpoint", "b", &err), &err);
    r = some_record("transcript", "error", "b", 100);
    UNIT_TRUE(filter_has(&filter, &r));
    r = some_record("transcript", "error", "b", 199);
    UNIT_TRUE(filter_has(&filter, &r));
    r = some_record("transcript", "error", "b", 99);
    UNIT_FALSE(filter_has(&filter, &r));
    r = some_record("transcript", "error", "b", 200);
    UNIT_FALSE(filter_has(&filter, &r));
    r = some_record("streaming", "error", "b", 100);
    UNIT_FALSE(filter_has(&filter, &r));
    r = some_record("transcript", "err", "b", 100);
    UNIT_FALSE(filter_has(&filter, &r));
    r = some_record("transcript", NULL, "b", 100);
    UNIT_FALSE(filter_has(&filter, &r));
    r = some_record("transcript", "error", "c", 100);
    UNIT_FALSE(filter_has(&filter, &r));
}

UNIT_TEST(an_empty_filter_takes_everything)
{
    static const struct filter filter;
    struct record r = some_record("unknown", NULL, "a", 0);

    UNIT_TRUE(filter_has(&filter, &r));
}

UNIT_TEST(a_filter_list_is_bounded)
{
    struct filter_list list = {.count = 0};
    struct err err = ERR_INIT;

    for (int i = 0; i < FILTER_VALUES_MAX; i++)
        UNIT_STATUS(STATUS_OK, filter_add(&list, "--status", "a", &err), &err);
    UNIT_STATUS(STATUS_USAGE, filter_add(&list, "--status", "a", &err), &err);
}

/* Prints one record of this body in all forms. */
static void printed(struct str body, struct buf *line, struct buf *json, struct buf *full)
{
    const struct hook_info hook = {.state = HOOK_AGAIN,
                                   .attempts = 2,
                                   .next_ns = INT64_C(1795422005731000000),
                                   .end = RESULT_EXIT,
                                   .code = 7};
    struct err err = ERR_INIT;
    char key[EVENT_KEY_MAX];
    struct record_line made;
    struct record record;
    struct str sealed;

    UNIT_REQUIRE(reader_kit_line(&made, key, "tr-1", body));
    sealed = record_seal(&made, 12, 103, false);
    sealed.len--;
    UNIT_STATUS(STATUS_OK, record_parse(&record, sealed, true, &err), &err);
    event_text_line(line, &record, &hook, false);
    event_json_line(json, sealed, &record, &hook, false);
    event_text_head(full, &record, &hook);
    event_text_body(full, record.body, "");
    record_free(&record);
    record_line_free(&made);
}

UNIT_TEST(a_record_is_printed_with_its_members_in_each_form)
{
    struct buf line, json, full;

    buf_init(&line, 65536);
    buf_init(&json, 65536);
    buf_init(&full, 65536);
    printed(STR("{\"x\": 1}\n"), &line, &json, &full);
    UNIT_STR(
        "2026-11-23T07:50:18.966Z  transcript      completed             retrying 2  tr-1       "
        "          "
        "                 "
        "[12:103]  9 B\n",
        buf_str(&line));
    UNIT_STR(
        "{\"type\":\"event\",\"key\":\"calls transcript tr-1 "
        "completed\",\"id\":\"12:103\",\"hooks\":[],\"received_at\":\"2026-11-23T07:50:18.966Z\","
        "\"endpoint\":\"calls\",\"kind\":\"transcript\",\"transcript_id\":\"tr-1\",\"status\":"
        "\"completed\","
        "\"remote_addr\":\"44.238.19.20\",\"query\":\"a=1&b=%22\",\"params\":{\"a\":\"1\","
        "\"b\":\"\\\"\"},"
        "\"content_type\":\"application/json\",\"bytes\":9,\"hook\":\"retrying\",\"attempts\":2,"
        "\"next_at\":\"2026-11-23T08:20:05.731Z\",\"end\":\"exit\",\"code\":7}\n",
        buf_str(&json));
    UNIT_TRUE(str_starts(buf_str(&full), "id             12:103\n"));
    UNIT_TRUE(str_ends(buf_str(&full), "\nbytes          9\n"
                                       "hook           retrying, attempt 2: exit 7\n"
                                       "next_at        2026-11-23T08:20:05.731Z\n{\"x\": 1}\n"));
    buf_free(&line);
    buf_free(&json);
    buf_free(&full);
}

UNIT_TEST(a_body_cannot_command_the_terminal)
{
    struct buf line, json, full;

    buf_init(&line, 65536);
    buf_init(&json, 65536);
    buf_init(&full, 65536);
    printed(STR("\"a\x1b[31m\"\n\"\xc2\x9b"
                "31m\"\n\"gr\xc3\xbc\xc3\x9f\x65\t1\"\n\r\n"),
            &line, &json, &full);
    UNIT_TRUE(strchr(full.ptr, '\x1b') == NULL && strstr(full.ptr, "\xc2\x9b") == NULL &&
              strchr(full.ptr, '\r') == NULL);
    UNIT_TRUE(str_ends(buf_str(&full), "\"a\\x1b[31m\"\n\"\\xc2\\x9b"
                                       "31m\"\n\"gr\xc3\xbc\xc3\x9f\x65\t1\"\n\\x0d\n"));
    buf_free(&line);
    buf_free(&json);
    buf_free(&full);
}

UNIT_TEST(the_configuration_that_init_writes_is_read_back_as_it_was_meant)
{
    static const char *const urls[] = {"https://example.com/hook/calls?a=1&b=${HOME}", NULL};
    struct err err = ERR_INIT;
    struct config *config;
    struct buf out;

    for (size_t i = 0; i < 2; i++) {
        struct init_text text = {.spool = "/home/o'neil/a \"b\" $HOME ${HOME} \\n #",
                                 .endpoint = "calls",
                                 .url = urls[i],
                                 .header = "X-Webhook-Secret",
                                 .secret_file = "/etc/$x/secret"};

        buf_init(&out, INIT_TEXT_MAX);
        init_text(&out, &text);
        UNIT_STATUS(STATUS_OK, config_parse(&config, "new", buf_str(&out), &err), &err);
        UNIT_REQUIRE(err.status == STATUS_OK);
        UNIT_TEXT(text.spool, config->spool);
        UNIT_INT(90 * 24 * 3600, config->keep_s);
        UNIT_INT(1, config->endpoint_count);
        UNIT_TEXT("calls", config->endpoints[0].name);
        UNIT_TRUE(urls[i] == NULL ? config->endpoints[0].url == NULL
                                  : str_is(str_of(urls[i]), config->endpoints[0].url));
        UNIT_TEXT("X-Webhook-Secret", config->endpoints[0].auth_header);
        UNIT_INT(1, config->endpoints[0].secret_file_count);
        UNIT_TEXT("/etc/$x/secret", config->endpoints[0].secret_files[0]);
        config_free(config);
        buf_free(&out);
    }
}

UNIT_TEST(a_path_below_a_web_servers_files_is_recognised)
{
    UNIT_TRUE(webroot_likely("/home/u/public_html/stenohook"));
    UNIT_TRUE(webroot_likely("/var/www/spool"));
    UNIT_TRUE(webroot_likely("/srv/htdocs"));
    UNIT_FALSE(webroot_likely("/home/u/stenohook"));
    UNIT_FALSE(webroot_likely("/home/www-data/stenohook"));
    UNIT_FALSE(webroot_likely("/var/lib/stenohook"));
}
