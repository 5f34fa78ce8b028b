/* SPDX-License-Identifier: MIT
 * values - the values of options. What is invalid is STATUS_USAGE and names the option.
 */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Reads a time: an age ("24h", before now_ns) or ISO 8601. */
enum status value_time(int64_t *out, const char *option, const char *text, int64_t now_ns,
                       struct err *err) STATUS_CHECKED;
/* Reads a number from `least` to `most`. */
enum status value_number(uint64_t *out, const char *option, const char *text, uint64_t least,
                         uint64_t most, struct err *err) STATUS_CHECKED;
/* Reads a duration of at most a day ("10s") as milliseconds. */
enum status value_duration(uint64_t *out_ms, const char *option, const char *text,
                           struct err *err) STATUS_CHECKED;
/* Checks that the word is one of the choices, which are separated by blanks. */
enum status value_choice(const char *option, struct str word, const char *choices,
                         struct err *err) STATUS_CHECKED;

#endif
