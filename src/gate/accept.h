/* SPDX-License-Identifier: MIT
 * accept - the pipeline of one request: request -> endpoint -> principal -> event -> record ->
 * receipt -> answer.
 */
#ifndef GATE_ACCEPT_H
#define GATE_ACCEPT_H

#include <stdbool.h>

#include "cgi/cgi.h"
#include "settings/settings.h"

struct gate; /* one a process: settings, spool, commit group */

/* A configuration that is missing or broken is no failure here: requests are answered 503 until it
 * is mended (FastCGI: without a restart). */
enum status gate_make(struct gate **out, bool fastcgi, struct err *err) STATUS_CHECKED;
void gate_free(struct gate *gate);

/* The threads that FastCGI mode should use: the configuration's, or the default while that is
 * broken. */
#define GATE_THREADS_DEFAULT 32
unsigned gate_threads(struct gate *gate);

/* The functions of struct cgi_handler; context is the gate. */
void *gate_thread_begin(void *gate);
void gate_serve(void *thread, struct exchange *x);
void gate_after(void *thread);
void gate_thread_end(void *thread);

#endif
