/* SPDX-License-Identifier: MIT
 * call - see sandbox/call.h.
 */
#include "sandbox/call.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/query.h"

enum status call_fail(struct err *err, int *code, int answer, const char *format, ...)
{
    char words[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    *code = answer;
    return err_set(err, STATUS_MALFORMED, "%s", words);
}

enum status call_transcript(struct call *call, int *code, struct err *err)
{
    enum status status =
        transcripts_read(&call->sandbox->state, call->id, &call->text, &call->transcript, err);

    if (status != STATUS_MISSING)
        return status;
    err_clear(err);
    return call_fail(err, code, 400, "Transcript lookup error, transcript id not found");
}

enum status call_param(const struct call *call, const char *name, char *out, size_t size, int *code,
                       struct err *err)
{
    struct str raw;
    struct buf value;
    bool fits;

    out[0] = '\0';
    if (query_find(call->request.query, str_of(name), &raw) == 0)
        return STATUS_OK;
    buf_init(&value, size - 1);
    text_percent_decode(&value, raw, true);
    fits = value.failed == STATUS_OK && memchr(value.ptr, '\0', value.len) == NULL;
    if (fits)
        memcpy(out, value.ptr, value.len + 1);
    buf_free(&value);
    return fits ? STATUS_OK
                : call_fail(err, code, 400, "%s has a NUL, or is longer than %zu bytes", name,
                            size - 1);
}
