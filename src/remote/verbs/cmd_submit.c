/* SPDX-License-Identifier: MIT
 * cmd_submit - the verb submit: has audio transcribed, with a webhook to an endpoint of ours.
 */
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/print.h"
#include "core/url.h"
#include "remote/api.h"
#include "remote/target.h"
#include "remote/verbs/remote_verbs.h"
#include "remote/words.h"

enum { SUBMIT_ENDPOINT = OPTIONS_LONG, SUBMIT_PARAM, SUBMIT_OPTION };

const struct options_row cmd_submit_options[] = {
    {SUBMIT_ENDPOINT, "endpoint", "NAME", NULL,
     "the endpoint that gets the webhook (default: the one called default, or the only one)"},
    {SUBMIT_PARAM, "param", "NAME=VALUE", NULL,
     "added to the query of the webhook, such as customer_id=1234; may be repeated"},
    {SUBMIT_OPTION, "option", "NAME=VALUE", NULL,
     "an option of the transcript, such as speaker_labels=true; VALUE is JSON or a text;\n"
     "may be repeated"},
    API_OPTIONS,
    {0, NULL, NULL, NULL, NULL},
};

struct submit {
    const char *audio;
    const char *endpoint;
    struct words params;
    struct words options;
    struct api api;
    struct members members;
};

/* ---- the command line */

static enum status take_option(struct submit *s, int option, struct err *err)
{
    if (api_take(&s->api, option, optarg))
        return STATUS_OK;
    switch (option) {
    case SUBMIT_ENDPOINT:
        s->endpoint = optarg;
        return STATUS_OK;
    case SUBMIT_PARAM:
        return words_add(&s->params, optarg, "--param", err);
    default:
        return words_add(&s->options, optarg, "--option", err);
    }
}

static enum status parse_options(struct submit *s, int argc, char **argv, struct err *err)
{
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_submit_options, argc, argv, &status, err)) != -1) {
        if (c != '?')
            status = take_option(s, c, err);
        if (status != STATUS_OK)
            return status;
    }
    status = options_operands(argc, argv, 1, 1, err);
    if (status == STATUS_OK)
        s->audio = argv[optind];
    return status;
}

/* ---- the submission */

/* Options come first: they must not replace our members. */
static enum status add_options(struct submit *s, struct err *err)
{
    static const char *const ours[] = {"audio_url", "webhook_url", "webhook_auth_header_name",
                                       "webhook_auth_header_value"};
    enum status status = STATUS_OK;

    for (size_t i = 0; i < s->options.count && status == STATUS_OK; i++) {
        struct str name, value;

        (void)str_cut(str_of(s->options.at[i]), '=', &name, &value);
        for (size_t k = 0; k < sizeof ours / sizeof *ours; k++)
            if (str_is(name, ours[k]))
                return err_set(err, STATUS_USAGE,
                               "--option: %s is set from the audio and the endpoint", ours[k]);
        status = members_param(&s->members, str_of(s->options.at[i]), err);
    }
    return status;
}

static enum status check_endpoint(const struct submit *s, const struct config_endpoint *e,
                                  struct err *err)
{
    const char *api = s->api.url != NULL ? s->api.url : s->api.settings->config->api_url;

    if (e->url == NULL)
        return err_set(
            err, STATUS_CONFIG,
            "endpoint \"%s\" has no url: add the address at which AssemblyAI reaches it to the "
            "configuration",
            e->name);
    if (e->scheme == AUTH_AAI_SIGNATURE || e->scheme == AUTH_STANDARD_WEBHOOKS)
        return err_set(
            err, STATUS_CONFIG,
            "endpoint \"%s\" requires signatures, and AssemblyAI does not sign the webhooks "
            "of transcripts: use one with auth-header",
            e->name);
    if (url_is_loopback(str_of(e->url)) && !url_is_loopback(str_of(api)))
        print_warning("endpoint \"%s\": its url is on this machine, which AssemblyAI cannot reach",
                      e->name);
    return STATUS_OK;
}

static enum status add_webhook(struct submit *s, struct err *err)
{
    struct target target;
    struct buf url;
    enum status status = target_find(&target, s->api.settings, s->endpoint, err);

    if (status == STATUS_OK)
        status = check_endpoint(s, target.endpoint, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&url, URL_MAX);
    status = target_url(&url, target.endpoint->url, s->params.at, s->params.count, err);
    if (status == STATUS_OK)
        status = target_add_token(&url, target.endpoint, target.secret, err);
    if (status == STATUS_OK)
        status = members_text(&s->members, STR("webhook_url"), buf_str(&url), err);
    if (status == STATUS_OK && target.endpoint->auth_header != NULL)
        status = members_text(&s->members, STR("webhook_auth_header_name"),
                              str_of(target.endpoint->auth_header), err);
    if (status == STATUS_OK && target.endpoint->auth_header != NULL)
        status = members_text(&s->members, STR("webhook_auth_header_value"), target.secret, err);
    buf_wipe(&url);
    return status;
}

/* ---- the audio */

static bool is_url(const char *audio)
{
    return strstr(audio, "://") != NULL;
}

static enum status open_audio(const struct submit *s, int *out, uint64_t *size, struct err *err)
{
    /* O_NONBLOCK: opening a FIFO would block. */
    int fd = file_open(AT_FDCWD, s->audio, O_RDONLY | O_NONBLOCK, 0);
    struct stat sb;

    if (fd < 0)
        return err_errno(err, "cannot open %s", s->audio);
    if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode)) {
        file_close(&fd);
        return err_set(err, STATUS_USAGE, "%s is not a regular file", s->audio);
    }
    *out = fd;
    *size = (uint64_t)sb.st_size;
    return STATUS_OK;
}

/* Checks all that can be wrong on our side before anything is sent. fd is -1 for a URL. */
static enum status check_audio(const struct submit *s, int *fd, uint64_t *size, struct err *err)
{
    if (is_url(s->audio))
        return url_check(str_of(s->audio), "the audio's URL", err);
    return open_audio(s, fd, size, err);
}

static enum status add_audio(struct submit *s, int fd, uint64_t size, struct err *err)
{
    struct buf url;
    enum status status = STATUS_OK;

    buf_init(&url, URL_MAX);
    if (fd < 0)
        buf_add_text(&url, s->audio);
    else
        status = aai_upload(s->api.aai, fd, size, &url, err);
    if (status == STATUS_OK)
        status = members_text(&s->members, STR("audio_url"), buf_str(&url), err);
    buf_free(&url);
    return status;
}

static enum status submit_audio(struct submit *s, struct err *err)
{
    char id[EVENT_ID_MAX + 1];
    uint64_t size = 0;
    int fd = -1;
    enum status status = check_audio(s, &fd, &size, err);

    if (status == STATUS_OK)
        status = add_options(s, err);
    if (status == STATUS_OK)
        status = add_webhook(s, err);
    if (status == STATUS_OK)
        status = add_audio(s, fd, size, err);
    file_close(&fd);
    if (status == STATUS_OK)
        status = aai_submit(s->api.aai, &s->members, id, err);
    if (status == STATUS_OK)
        status = print_text(id, err);
    return status == STATUS_OK ? print_text("\n", err) : status;
}

enum status cmd_submit(int argc, char **argv, const char *config_path, struct err *err)
{
    struct submit s = {.audio = NULL};
    enum status status;

    api_init(&s.api);
    members_init(&s.members);
    status = parse_options(&s, argc, argv, err);
    if (status == STATUS_OK)
        status = api_open(&s.api, config_path, true, err);
    if (status == STATUS_OK)
        status = submit_audio(&s, err);
    members_free(&s.members);
    api_close(&s.api);
    return status;
}
