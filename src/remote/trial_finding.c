/* SPDX-License-Identifier: MIT
 * trial_finding - how trial*.c report what they find.
 */
#include <stdarg.h>
#include <stdio.h>

#include "remote/trial_parts.h"

#define TEXT_MAX 1024

void trial_finding(const struct trial *t, enum trial_grade grade, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    t->finding(t->context, grade, text);
}
