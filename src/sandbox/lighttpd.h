/* SPDX-License-Identifier: MIT
 * lighttpd - starts and ends a lighttpd on a port of 127.0.0.1.
 */
#ifndef SANDBOX_LIGHTTPD_H
#define SANDBOX_LIGHTTPD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Finds a free port. The kernel assigns such ports in turn: no other program gets it soon. */
enum status lighttpd_find_port(uint64_t *port, struct err *err) STATUS_CHECKED;

/* Starts one in a process group of its own, which is *pid: an interrupt at the terminal is for us,
 * and then we end it. */
enum status lighttpd_start(pid_t *pid, char *config_path, struct err *err) STATUS_CHECKED;
/* Ends the whole group. */
void lighttpd_stop(pid_t pid);

bool lighttpd_answers(uint64_t port);
/* Whether it has ended. It stays to be reaped by lighttpd_stop. */
bool lighttpd_ended(pid_t pid);

#endif
