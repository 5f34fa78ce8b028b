/* SPDX-License-Identifier: MIT
 * lighttpd_config - see sandbox/lighttpd_config.h.
 */
#include "sandbox/lighttpd_config.h"

#include <string.h>

static const char settings[] =
    "server.modules += ( \"mod_fastcgi\" )\n"
    "server.document-root = var.sandbox_run\n"
    "server.bind = \"127.0.0.1\"\n"
    "server.port = var.sandbox_port\n"
    "server.errorlog = var.sandbox_run + \"/lighttpd.log\"\n"
    "server.upload-dirs = ( var.sandbox_run )\n"
    "server.max-request-size = 2200000\n"
    "fastcgi.server = ( \"/\" => ((\n"
    "    \"bin-path\" => var.sandbox_program,\n"
    "    \"socket\" => var.sandbox_run + \"/sandbox.sock\",\n"
    "    \"max-procs\" => 1,\n"
    "    \"check-local\" => \"disable\",\n"
    "    \"fix-root-scriptname\" => \"enable\",\n"
    "    \"bin-environment\" => ( \"STENOHOOK_SANDBOX_DIR\" => var.sandbox_folder ),\n"
    "    \"bin-copy-environment\" => (\n"
    "        \"PATH\", \"SSL_CERT_FILE\",\n"
    "        \"STENOHOOK_SANDBOX_ATTEMPTS\", \"STENOHOOK_SANDBOX_DELAY_MS\", "
    "\"STENOHOOK_SANDBOX_INTERVAL_MS\",\n"
    "        \"STENOHOOK_SANDBOX_KEY_FILE\", \"STENOHOOK_SANDBOX_RATE\", "
    "\"STENOHOOK_SANDBOX_RATE_SECONDS\",\n"
    "        \"STENOHOOK_SANDBOX_RULE\", \"STENOHOOK_SANDBOX_THREADS\", "
    "\"STENOHOOK_SANDBOX_TIMEOUT_MS\",\n"
    "        \"STENOHOOK_SANDBOX_UPLOAD_MAX\"\n"
    "    )\n"
    ")))\n";

static enum status add_path(struct buf *out, const char *name, const char *path, struct err *err)
{
    for (const char *c = path; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || strchr("\"\\$", *c) != NULL)
            return err_set(
                err, STATUS_USAGE,
                "the path %s has a character that is invalid in lighttpd's configuration", path);
    buf_printf(out, "var.sandbox_%s = \"%s\"\n", name, path);
    return STATUS_OK;
}

enum status lighttpd_config_print(struct buf *out, const struct lighttpd_config *config,
                                  struct err *err)
{
    enum status status = add_path(out, "program", config->program, err);

    if (status == STATUS_OK)
        status = add_path(out, "folder", config->folder, err);
    if (status == STATUS_OK)
        status = add_path(out, "run", config->run, err);
    if (status != STATUS_OK)
        return status;
    buf_printf(out, "var.sandbox_port = %u\n%s", config->port, settings);
    return buf_status(out, "lighttpd's configuration", err);
}
