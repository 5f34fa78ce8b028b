/* SPDX-License-Identifier: MIT
 * words - see remote/words.h.
 */
#include "remote/words.h"

enum status words_add(struct words *words, const char *word, const char *option, struct err *err)
{
    if (words->count == WORDS_MAX)
        return err_set(err, STATUS_USAGE, "%s: given more than %d times", option, WORDS_MAX);
    words->at[words->count++] = word;
    return STATUS_OK;
}
