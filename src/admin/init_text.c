/* SPDX-License-Identifier: MIT
 * init_text - the configuration that init writes.
 */
#include "admin/init_text.h"

#include <string.h>

static void add_quoted(struct buf *out, const char *value)
{
    buf_add_char(out, '"');
    for (; *value != '\0'; value++) {
        if (strchr("\\\"$", *value) != NULL)
            buf_add_char(out, '\\');
        buf_add_char(out, *value);
    }
    buf_add_char(out, '"');
}

static void add_line(struct buf *out, const char *key, const char *value)
{
    buf_add_text(out, key);
    add_quoted(out, value);
    buf_add_char(out, '\n');
}

static void add_global_keys(struct buf *out, const struct init_text *text)
{
    buf_add_text(
        out,
        "# What the gateway and the command line go by. stenohook.conf(5) explains every key, and\n"
        "# 'stenohook check' finds mistakes.\n"
        "\n"
        "# The folder in which everything is recorded. It belongs to the user who runs the "
        "gateway, and\n"
        "# must not lie where the web server hands out files.\n");
    add_line(out, "spool = ", text->spool);
    buf_add_text(out, "\n"
                      "# How long recorded events are kept.\n"
                      "keep = \"90d\"\n"
                      "\n");
}

static void add_endpoint(struct buf *out, const struct init_text *text)
{
    buf_add_text(out, "endpoint ");
    add_quoted(out, text->endpoint);
    buf_add_text(out, " {\n"
                      "    # The gateway's address, as the sender has it in webhook_url.\n");
    if (text->url != NULL)
        add_line(out, "    url = ", text->url);
    else
        add_line(out, "    # url = ", "https://example.com/cgi-bin/stenohook.cgi");
    buf_add_text(
        out,
        "\n"
        "    # The header that carries the secret (webhook_auth_header_name), and the files that "
        "hold it.\n"
        "    # Any one of them is right: to change the secret, add a file with the new one, tell "
        "the\n"
        "    # sender, and take the old file away when no transcript is under way any more.\n");
    add_line(out, "    auth-header = ", text->header);
    buf_add_text(out, "    secret-files = {");
    add_quoted(out, text->secret_file);
    buf_add_text(
        out,
        "}\n"
        "\n"
        "    # What is run for each event once it is on record: a program and its arguments, "
        "without a\n"
        "    # shell. stenohook-hook(7) says what it gets, and examples/hooks has some that "
        "work as\n"
        "    # they stand.\n"
        "    # hook = {\"/home/me/bin/on-transcript\"}\n"
        "\n"
        "    # The largest body that is recorded. A long streaming session takes some megabytes.\n"
        "    body-max = \"16M\"\n"
        "\n"
        "    # A second lock on the door: only the addresses that the sender publishes. A delivery "
        "from\n"
        "    # elsewhere is then refused for good, even with the right secret.\n"
        "    # allow-from = {\"44.238.19.20\", \"54.220.25.36\"}\n"
        "}\n");
}

void init_text(struct buf *out, const struct init_text *text)
{
    add_global_keys(out, text);
    add_endpoint(out, text);
}
