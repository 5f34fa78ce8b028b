/* SPDX-License-Identifier: MIT
 * key - see remote/key.h.
 */
#include "remote/key.h"

#include <string.h>
#include <unistd.h>

/* As a header has it: printable, and without blanks. */
static bool is_key(struct str key)
{
    for (size_t i = 0; i < key.len; i++)
        if ((unsigned char)key.ptr[i] <= 0x20 || (unsigned char)key.ptr[i] >= 0x7f)
            return false;
    return true;
}

static enum status from_file(struct buf *out, const char *file, uid_t us, settings_tell tell,
                             struct err *err)
{
    size_t before = out->len;
    bool usable;
    enum status status = settings_secret(file, us, out, &usable, tell, NULL, NULL, err);

    if (status == STATUS_OK && !usable)
        return err_set(err, STATUS_NO_SECRET, "%s holds no API key", file);
    if (status != STATUS_OK || is_key((struct str){out->ptr + before, out->len - before}))
        return status;
    explicit_bzero(out->ptr + before, out->len - before);
    buf_cut(out, before);
    return err_set(err, STATUS_NO_SECRET, "%s: the key has a blank or another invalid character",
                   file);
}

static enum status from_variable(struct buf *out, struct str key, struct err *err)
{
    if (!is_key(key))
        return err_set(err, STATUS_NO_SECRET,
                       KEY_VARIABLE ": the key has a blank or another invalid character");
    if (key.len > KEY_MAX)
        return err_set(err, STATUS_NO_SECRET, KEY_VARIABLE ": the key is too long");
    buf_add_str(out, key);
    return buf_status(out, "the key of the API", err);
}

enum status key_read(struct buf *out, const char *given, const char *variable,
                     const struct settings *settings, settings_tell tell, struct err *err)
{
    if (given != NULL)
        return from_file(out, given, geteuid(), tell, err);
    if (variable != NULL && variable[0] != '\0')
        return from_variable(out, str_of(variable), err);
    if (settings != NULL && settings->config->api_key_file != NULL)
        return from_file(out, settings->config->api_key_file, settings->user, tell, err);
    return err_set(err, STATUS_NO_SECRET,
                   "no API key: write it into a file of mode 600 and name that with "
                   "--key-file or, in the configuration, with api-key-file");
}
