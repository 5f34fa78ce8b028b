/* SPDX-License-Identifier: MIT
 * sender - the sandbox's webhooks: threads that make what is due (sandbox_due.h), by the
 * sender's rules (deliver.h).
 */
#ifndef SANDBOX_SENDER_H
#define SANDBOX_SENDER_H

#include "sandbox/sandbox_setup.h"

/* Threads that never end: a process that ends in the midst of a delivery leaves it due, and the
 * next one makes the same attempt again. `sandbox` must live as long. Signals do not go to them. */
enum status sender_start(const struct sandbox *sandbox, struct err *err) STATUS_CHECKED;

#endif
