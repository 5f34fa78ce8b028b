/* SPDX-License-Identifier: MIT
 * config_kit - see config_kit.h.
 */
#include "config_kit.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

struct config *ck_parse(struct str text, struct err *err)
{
    struct config *config = NULL;
    enum status st;

    err_clear(err);
    st = config_parse(&config, "f", text, err);
    UNIT_INT(st == STATUS_OK, config != NULL);
    UNIT_INT(st, err->status);
    return config;
}

void ck_refused(const char *text, const char *start, const char *remedy)
{
    struct err err;
    struct config *config = ck_parse(str_of(text), &err);

    UNIT_STATUS(STATUS_CONFIG, err.status, &err);
    if (!str_starts(str_of(err.text), start))
        UNIT_TEXT(start, err.text);
    if (strstr(err.text, remedy) == NULL)
        UNIT_TEXT(remedy, err.text);
    config_free(config);
}

struct config *ck_accepted(const char *text)
{
    struct err err;
    struct config *config = ck_parse(str_of(text), &err);

    UNIT_STATUS(STATUS_OK, err.status, &err);
    return config;
}

struct config *ck_accepted_endpoint(const char *body)
{
    char text[2048];

    snprintf(text, sizeof text, CK_SPOOL "endpoint \"a\" { %s }", body);
    return ck_accepted(text);
}
