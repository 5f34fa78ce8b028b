/* SPDX-License-Identifier: MIT
 * config_kit - texts of a configuration that must be accepted, or refused.
 */
#ifndef CONFIG_KIT_H
#define CONFIG_KIT_H

#include "core/config/config.h"

/* The keys of a secret, an endpoint with them, the spool, and a whole file of the last two. */
#define CK_SECRET "auth-header = \"X-S\" secret-files = {\"/s\"} "
#define CK_ENDPOINT "endpoint \"a\" { " CK_SECRET "}\n"
#define CK_SPOOL "spool = \"/spool\"\n"
#define CK_MINIMAL CK_SPOOL CK_ENDPOINT

/* NULL after a failure. Clears *err first. The file is called "f". */
struct config *ck_parse(struct str text, struct err *err);
/* The text is refused with words that begin and go on like this. */
void ck_refused(const char *text, const char *start, const char *remedy);
/* The text is accepted; NULL after a failure. */
struct config *ck_accepted(const char *text);
/* One endpoint with this body, in line 2. */
struct config *ck_accepted_endpoint(const char *body);

#endif
