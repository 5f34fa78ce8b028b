/* SPDX-License-Identifier: MIT
 * send - see remote/send.h: what is sent, to which address, with which secret.
 */
#include "remote/send.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "cli/print.h"
#include "cli/session.h"
#include "core/url.h"

#define BODY_MAX ((size_t)256 * 1024 * 1024)

/* For --bad-secret. The second is well-formed for Standard Webhooks as well. */
#define WRONG_SECRET STR("not-the-secret")
#define WRONG_KEY STR("whsec_bm90LXRoZS1zZWNyZXQ=")

/* ---- address and secret */

static void warn_secret(void *context, bool usable, const char *text)
{
    (void)context;
    (void)usable;
    print_warning("%s", text);
}

static enum status read_own_secret(struct send *s, struct err *err)
{
    bool usable;
    enum status status = settings_secret(s->secret_file, geteuid(), &s->own_secret, &usable,
                                         warn_secret, NULL, NULL, err);

    if (status == STATUS_OK && !usable)
        status = err_set(err, STATUS_NO_SECRET, "%s holds no secret", s->secret_file);
    return status;
}

static enum status find_target(struct send *s, const char *config_path, struct err *err)
{
    enum status status;

    if (s->secret_file != NULL)
        return read_own_secret(s, err);
    if (s->to != NULL && s->endpoint == NULL)
        return STATUS_OK;
    status = session_settings(&s->settings, config_path, err);
    if (status == STATUS_OK)
        status = target_find(&s->target, s->settings, s->endpoint, err);
    if (status == STATUS_OK && s->to == NULL && s->target.endpoint->url == NULL)
        return err_set(err, STATUS_USAGE,
                       "endpoint \"%s\" has no url: add one to the configuration, or give --to",
                       s->target.endpoint->name);
    return status;
}

static struct str secret_of(const struct send *s)
{
    if (s->bad_secret)
        return s->target.endpoint != NULL && s->target.endpoint->scheme == AUTH_STANDARD_WEBHOOKS
                   ? WRONG_KEY
                   : WRONG_SECRET;
    return s->secret_file != NULL ? buf_str(&s->own_secret) : s->target.secret;
}

static enum status make_address(struct send *s, struct err *err)
{
    const char *to = s->to != NULL ? s->to : s->target.endpoint->url;
    enum status status = target_url(&s->shown, to, s->queries.at, s->queries.count, err);

    if (status != STATUS_OK)
        return status;
    buf_add_str(&s->url, buf_str(&s->shown));
    return target_add_token(&s->url, s->target.endpoint, secret_of(s), err);
}

/* ---- the body */

static enum status read_data(struct send *s, struct err *err)
{
    if (s->data[0] != '@')
        buf_add_text(&s->body, s->data);
    else if (file_slurp(AT_FDCWD, s->data + 1, &s->body) != 0 && errno != EFBIG)
        return err_errno(err, "cannot read %s", s->data + 1);
    return buf_status(&s->body, "the body", err);
}

static enum status make_body(struct send *s, struct err *err)
{
    struct members members;
    enum status status;

    members_init(&members);
    status = sample_fill(&members, s->kind, s->id, clock_wall_ns(), err);
    for (size_t i = 0; i < s->sets.count && status == STATUS_OK; i++)
        status = members_param(&members, str_of(s->sets.at[i]), err);
    if (status == STATUS_OK)
        members_print(&members, &s->body);
    members_free(&members);
    return status == STATUS_OK ? buf_status(&s->body, "the body", err) : status;
}

static enum status make_delivery(struct send *s, struct err *err)
{
    const struct config_endpoint *e = s->target.endpoint;
    enum auth_scheme scheme = e == NULL ? AUTH_STATIC : e->scheme;
    uint8_t random[16];
    enum status status = id_random(random, sizeof random, err);

    if (status != STATUS_OK)
        return status;
    sample_id(random, s->id);
    status = s->data != NULL ? read_data(s, err) : make_body(s, err);
    if (status == STATUS_OK)
        status = sign_body(&s->signature, scheme, secret_of(s), buf_str(&s->body), str_of(s->id),
                           (uint64_t)(clock_wall_ns() / NS_PER_S), err);
    if (status != STATUS_OK)
        return status;
    s->delivery = (struct delivery){
        .url = s->url.ptr, .body = buf_str(&s->body), .extra = s->signature.headers};
    if (e != NULL)
        s->delivery.header_name = e->auth_header;
    else if (s->secret_file != NULL || s->bad_secret)
        s->delivery.header_name = s->header == NULL ? "X-Webhook-Secret" : s->header;
    s->delivery.header_value = secret_of(s);
    return STATUS_OK;
}

enum status send_prepare(struct send *s, const char *config_path, struct err *err)
{
    enum status status;

    buf_init(&s->own_secret, SETTINGS_SECRET_MAX);
    buf_init(&s->shown, URL_MAX);
    buf_init(&s->url, URL_MAX);
    buf_init(&s->body, BODY_MAX);
    status = find_target(s, config_path, err);
    if (status == STATUS_OK)
        status = make_address(s, err);
    return status == STATUS_OK ? make_delivery(s, err) : status;
}

void send_free(struct send *s)
{
    buf_wipe(&s->own_secret);
    buf_wipe(&s->url);
    buf_free(&s->shown);
    buf_free(&s->body);
    settings_release(s->settings);
}
