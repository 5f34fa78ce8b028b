/* SPDX-License-Identifier: MIT
 * config_answers - `config_answers <CASES`: prints each case, which is a line "? TEXT", with what
 * is read from that text below it; comments ("#") stay, earlier answers in CASES go.
 * tests/data/config/README.md says when to run it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/config_answer.h"

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;

    while ((len = getline(&line, &size, stdin)) > 0) {
        struct str text = {line, (size_t)len};
        struct buf decoded, answer;

        if (*line == '#')
            fputs(line, stdout);
        if (!str_starts(text, "? "))
            continue;
        (void)str_cut(text, '\n', &text, &(struct str){NULL, 0});
        buf_init(&decoded, (size_t)1024 * 1024);
        buf_init(&answer, (size_t)1024 * 1024);
        if (!ca_decode(&decoded, (struct str){text.ptr + 2, text.len - 2})) {
            fprintf(stderr, "config_answers: malformed case: %s", line);
            return EXIT_FAILURE;
        }
        ca_answer(&answer, buf_str(&decoded));
        printf("%.*s\n%s", (int)text.len, text.ptr, answer.ptr);
        buf_free(&decoded);
        buf_free(&answer);
    }
    free(line);
    return EXIT_SUCCESS;
}
