/* SPDX-License-Identifier: MIT
 * sender - threads that make the deliveries that are due (sandbox/due.h), by remote/deliver.h.
 */
#ifndef SANDBOX_SENDER_H
#define SANDBOX_SENDER_H

#include "sandbox/sandbox_setup.h"

/* Starts threads that never end: a process that ends during a delivery leaves it due, and the next
 * one repeats the attempt. `sandbox` must live as long. They get no signals. */
enum status sender_start(const struct sandbox *sandbox, struct err *err) STATUS_CHECKED;

#endif
