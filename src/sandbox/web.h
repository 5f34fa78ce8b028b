/* SPDX-License-Identifier: MIT
 * web - the API over HTTP: which address does what, for whom, and how answers look.
 */
#ifndef SANDBOX_WEB_H
#define SANDBOX_WEB_H

#include "cgi/cgi.h"

/* cgi.h's handler; the context is a struct sandbox. */
void *web_begin(void *context);
void web_serve(void *thread, struct exchange *x);
void web_end(void *thread);

#endif
