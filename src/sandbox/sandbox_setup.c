/* SPDX-License-Identifier: MIT
 * sandbox_setup - see sandbox/sandbox_setup.h.
 */
#include "sandbox/sandbox_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/id.h"
#include "base/num.h"
#include "base/text.h"
#include "cli/programs.h"
#include "remote/key.h"

#define VARIABLE_MAX 64
#define DAY_MS UINT64_C(86400000)
#define KEY_BYTES 16

/* What the service documents: 20,000 requests in five minutes, uploads of 2.2 GB. */
#define RATE_DEFAULT 20000
#define RATE_SECONDS_DEFAULT 300
#define UPLOAD_DEFAULT UINT64_C(2200000000)
#define DELAY_DEFAULT_MS 3000
#define THREADS_DEFAULT 8

struct limits {
    const char *name;
    uint64_t least, most;
    uint64_t *value; /* holds the default */
};

static enum status read_number(char *(*get)(const char *name), const struct limits *l,
                               struct err *err)
{
    char variable[VARIABLE_MAX];
    const char *text;
    uint64_t number;

    (void)snprintf(variable, sizeof variable, SANDBOX_PREFIX "%s", l->name);
    text = get(variable);
    if (text == NULL || text[0] == '\0')
        return STATUS_OK;
    if (!num_size(str_of(text), &number) || number < l->least || number > l->most)
        return err_set(err, STATUS_CONFIG,
                       "%s: invalid value '%s' (use a number from %" PRIu64 " to %" PRIu64 ")",
                       variable, text, l->least, l->most);
    *l->value = number;
    return STATUS_OK;
}

static enum status read_numbers(struct sandbox *s, char *(*get)(const char *name), struct err *err)
{
    uint64_t attempts = s->plan.attempts;
    const struct limits limits[] = {
        {"DELAY_MS", 0, DAY_MS, &s->delay_ms},
        {"INTERVAL_MS", 0, DAY_MS, &s->plan.interval_ms},
        {"TIMEOUT_MS", 1, DAY_MS, &s->plan.timeout_ms},
        {"ATTEMPTS", 1, 1000, &attempts},
        {"RATE", 1, INT32_MAX, &s->rate},
        {"RATE_SECONDS", 1, 86400, &s->rate_seconds},
        {"UPLOAD_MAX", 0, INT64_MAX, &s->upload_max},
        {"THREADS", 1, 256, &s->threads},
    };
    enum status status = STATUS_OK;

    for (size_t i = 0; i < sizeof limits / sizeof *limits && status == STATUS_OK; i++)
        status = read_number(get, &limits[i], err);
    s->plan.attempts = (unsigned)attempts;
    return status;
}

static enum status read_rule(struct sandbox *s, const char *rule, struct err *err)
{
    if (rule == NULL || rule[0] == '\0' || strcmp(rule, "new") == 0)
        s->plan.rule = DELIVER_NEW;
    else if (strcmp(rule, "old") == 0)
        s->plan.rule = DELIVER_OLD;
    else
        return err_set(err, STATUS_CONFIG,
                       SANDBOX_PREFIX "RULE: invalid value '%s' (use new or old)", rule);
    return STATUS_OK;
}

enum status sandbox_make_key(int dir, struct err *err)
{
    uint8_t random[KEY_BYTES];
    enum status status = id_random(random, sizeof random, err);
    struct buf key;
    int fd;

    if (status != STATUS_OK)
        return status;
    fd = file_open(dir, SANDBOX_KEY_FILE, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return errno == EEXIST ? STATUS_OK
                               : err_errno(err, "cannot make the file %s", SANDBOX_KEY_FILE);
    buf_init(&key, 2 * KEY_BYTES + 1);
    text_hex(&key, random, sizeof random);
    buf_add_char(&key, '\n');
    status = buf_status(&key, "a key", err);
    if (status == STATUS_OK && (file_write(fd, key.ptr, key.len) < 0 || file_sync(fd) < 0))
        status = err_errno(err, "cannot write the file %s", SANDBOX_KEY_FILE);
    file_close(&fd);
    buf_wipe(&key);
    return status;
}

static void warn_key(void *context, bool usable, const char *text)
{
    (void)context;
    (void)usable;
    fprintf(stderr, PROGRAM_SANDBOX ": %s\n", text);
}

static enum status read_key(struct sandbox *s, const char *given, const char *folder,
                            struct err *err)
{
    char path[PATH_MAX];
    enum status status;

    if (given != NULL && given[0] != '\0')
        return key_read(&s->key, given, NULL, NULL, warn_key, err);
    status = sandbox_make_key(s->state.dir, err);
    if (status != STATUS_OK)
        return status;
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, SANDBOX_KEY_FILE) >= sizeof path)
        return err_set(err, STATUS_CONFIG, "the path %s is too long", folder);
    return key_read(&s->key, path, NULL, NULL, warn_key, err);
}

enum status sandbox_check_user(struct err *err)
{
    if (geteuid() != 0)
        return STATUS_OK;
    return err_set(err, STATUS_OWNER,
                   "the sandbox never serves as root: start it as another user, such as: runuser "
                   "-u www-data -- stenohook sandbox");
}

enum status sandbox_setup(struct sandbox *sandbox, char *(*get)(const char *name), struct err *err)
{
    struct sandbox s = {
        .state = {-1, -1, -1, -1},
        .delay_ms = DELAY_DEFAULT_MS,
        .plan = deliver_plan_default(),
        .rate = RATE_DEFAULT,
        .rate_seconds = RATE_SECONDS_DEFAULT,
        .upload_max = UPLOAD_DEFAULT,
        .threads = THREADS_DEFAULT,
    };
    const char *folder = get(SANDBOX_PREFIX "DIR");
    enum status status;

    buf_init(&s.key, KEY_MAX);
    if (folder == NULL || folder[0] != '/')
        return err_set(err, STATUS_CONFIG,
                       SANDBOX_PREFIX "DIR must be an absolute path, the folder of the sandbox");
    status = read_numbers(&s, get, err);
    if (status == STATUS_OK)
        status = read_rule(&s, get(SANDBOX_PREFIX "RULE"), err);
    if (status == STATUS_OK)
        status = transcripts_open(&s.state, folder, err);
    if (status == STATUS_OK)
        status = read_key(&s, get(SANDBOX_PREFIX "KEY_FILE"), folder, err);
    if (status == STATUS_OK)
        *sandbox = s;
    else
        sandbox_free(&s);
    return status;
}

void sandbox_free(struct sandbox *sandbox)
{
    transcripts_close(&sandbox->state);
    buf_wipe(&sandbox->key);
}
