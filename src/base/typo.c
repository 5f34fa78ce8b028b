/* SPDX-License-Identifier: MIT
 * typo - see base/typo.h.
 */
#include "base/typo.h"

#include <string.h>

static unsigned least_of(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Levenshtein's, one row at a time. */
unsigned typo_distance(struct str written, const char *known)
{
    unsigned row[TYPO_MAX + 1];
    size_t len = strlen(known);

    if (written.len > TYPO_MAX || len > TYPO_MAX)
        return TYPO_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; i < written.len; i++) {
        unsigned diagonal = row[0];
        char c = written.ptr[i] == '_' ? '-' : written.ptr[i];

        row[0] = (unsigned)i + 1;
        for (size_t j = 1; j <= len; j++) {
            unsigned changed = diagonal + (c != known[j - 1]);

            diagonal = row[j];
            row[j] = least_of(changed, least_of(row[j], row[j - 1]) + 1);
        }
    }
    return row[len];
}

unsigned typo_near(struct str written)
{
    return written.len < 4 ? 1 : written.len < 8 ? 2 : 3;
}
