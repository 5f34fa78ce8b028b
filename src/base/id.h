/* SPDX-License-Identifier: MIT
 * id - randomness from the kernel.
 */
#ifndef BASE_ID_H
#define BASE_ID_H

#include <stddef.h>

#include "base/err.h"

enum status id_random(void *out, size_t len, struct err *err) STATUS_CHECKED;

#endif
