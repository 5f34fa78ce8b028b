/* SPDX-License-Identifier: MIT
 * reception - see remote/reception.h.
 */
#include "remote/reception.h"

#include <stdbool.h>
#include <string.h>

#include "core/scan.h"

#define ELF_MAGIC                                                                                  \
    "\x7f"                                                                                         \
    "ELF"
/* The largest body that mod_fcgid accepts by default. */
#define FCGID_BODY_MAX ((size_t)128 * 1024)

/* ---- whose answer */

struct said {
    struct str status, id;
};

static void note_member(void *context, const struct scan_member *member)
{
    struct said *s = context;

    if (str_is(member->name, "status"))
        s->status = member->value;
    else if (str_is(member->name, "id"))
        s->id = member->value;
}

/* Our own ids have no escapes. */
static void copy_id(char id[RECEPTION_ID_MAX], struct str value)
{
    if (value.len < 3 || value.len - 2 >= RECEPTION_ID_MAX || value.ptr[0] != '"')
        return;
    memcpy(id, value.ptr + 1, value.len - 2);
    id[value.len - 2] = '\0';
}

enum reception reception_of(const struct http_answer *answer, char id[RECEPTION_ID_MAX])
{
    struct said said = {STR_NONE, STR_NONE};
    struct scan_result json = scan_json(buf_str(&answer->body), note_member, &said);
    bool good = answer->code >= 200 && answer->code <= 299;

    id[0] = '\0';
    if (answer->end != HTTP_ANSWERED || json.verdict != SCAN_OK || json.type != SCAN_OBJECT)
        return RECEPTION_FOREIGN;
    if (str_is(said.status, "\"accepted\"") && good) {
        copy_id(id, said.id);
        return RECEPTION_RECORDED;
    }
    if (str_is(said.status, "\"ok\"") || str_is(said.status, "\"attention\""))
        return RECEPTION_REPORT;
    return str_is(said.status, "\"error\"") && !good ? RECEPTION_REFUSED : RECEPTION_FOREIGN;
}

/* ---- why */

struct cause {
    int code;
    const char *words;
};

static const struct cause of_ours[] = {
    {400, "the body is not JSON"},
    {401, "the secret is not this endpoint's, or its header is lost on the way (Apache drops "
          "Authorization by default); see stenohook.log"},
    {403, "the address that the delivery comes from is not in allow-from"},
    {404, "the configuration has no endpoint of that name"},
    {405, "something on the way changed the method of the request"},
    {413, "the body is larger than the endpoint's body-max"},
    {503, "the gateway failed: see stenohook.log"},
};

static const struct cause of_others[] = {
    {400, "the web server refused the request: see its error log"},
    {401, "the web server itself requires a password for this address: exempt the address"},
    {403, "the web server does not run the program (mode 755 of it and of its folder, ExecCGI), or "
          "a filter such as ModSecurity blocks python-requests: ask the host for an exception"},
    {404, "the server has nothing at that address: check the path, and that the program is there"},
    {405, "the web server takes the address for a static file: enable CGI there"},
    {406, "a filter such as ModSecurity blocks python-requests: ask the host for an exception for "
          "this address"},
    {411, "the web server requires Content-Length, which something on the way removed"},
    {413, "the web server has a limit of its own for bodies (LimitRequestBody, "
          "server.max-request-size)"},
    {429, "the host limits the rate of requests"},
    {500, "the web server could not run the program: see its error log (mode 755 and not writable "
          "by the group, uploaded in binary mode, built for this processor)"},
    {502, "the web server got no answer from the program: is it running?"},
    {503, "the web server itself is overloaded, or closed for maintenance"},
    {504, "the program took longer than the web server waits"},
};

static const char *cause_in(const struct cause *causes, size_t count, int code)
{
    for (size_t i = 0; i < count; i++)
        if (causes[i].code == code)
            return causes[i].words;
    return NULL;
}

static bool is_page(const struct http_answer *answer)
{
    struct str body = buf_str(&answer->body);

    while (body.len > 0 && strchr(" \t\r\n", body.ptr[0]) != NULL) {
        body.ptr++;
        body.len--;
    }
    return strstr(answer->type, "html") != NULL || str_starts(body, "<");
}

/* A sender takes it for success and never retries. */
static const char *cause_of_2xx(const struct http_answer *answer)
{
    if (str_starts(buf_str(&answer->body), ELF_MAGIC))
        return "the web server serves the program as a file: CGI is not allowed there, or "
               ".htaccess is ignored (AllowOverride)";
    if (is_page(answer))
        return "a web page answers, not the gateway: the address leads elsewhere, or the host "
               "shows a page of its own there";
    return "another program than the gateway answers: the address leads elsewhere";
}

static const char *cause_of_other(const struct http_answer *answer, size_t sent)
{
    if (answer->code >= 200 && answer->code <= 299)
        return cause_of_2xx(answer);
    if (answer->code >= 300 && answer->code <= 399)
        return "a redirect, which the sender does not follow: use the address that it leads to "
               "(https instead of http, with or without www)";
    if (answer->code == 500 && sent > FCGID_BODY_MAX)
        return "mod_fcgid refuses bodies over 128 KiB unless FcgidMaxRequestLen, which .htaccess "
               "cannot set, allows more: use the program as plain CGI, named stenohook.cgi";
    return cause_in(of_others, sizeof of_others / sizeof *of_others, answer->code);
}

void reception_cause(struct buf *out, const struct http_answer *answer, size_t sent)
{
    const char *words = NULL;
    char id[RECEPTION_ID_MAX];

    switch (reception_of(answer, id)) {
    case RECEPTION_RECORDED:
        break;
    case RECEPTION_REFUSED:
        words = cause_in(of_ours, sizeof of_ours / sizeof *of_ours, answer->code);
        break;
    case RECEPTION_REPORT:
        words = "the gateway's report answers: something on the way made a GET of the delivery";
        break;
    case RECEPTION_FOREIGN:
        if (answer->code != 0)
            words = cause_of_other(answer, sent);
        break;
    }
    if (words != NULL)
        buf_add_text(out, words);
}
