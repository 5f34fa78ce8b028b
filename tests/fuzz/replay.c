/* SPDX-License-Identifier: MIT
 * replay - gives the inputs of a corpus to a fuzz target, without libFuzzer and by any compiler.
 *
 *   replay_TARGET [FILE|FOLDER ...]
 *
 * Without arguments the corpus of TARGET, which must not be empty. Prints how many inputs it gave.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "kit.h"

#define PROGRAM_PREFIX "replay_"
#define PATH_LEN_MAX 4096

static size_t inputs;

static _Noreturn void stop(const char *path, const char *why)
{
    fprintf(stderr, "replay: %s: %s\n", path, why);
    exit(EXIT_FAILURE);
}

/* In memory of exactly its size, so that a sanitizer sees each byte that is read beyond. */
static void give(const char *path, struct str bytes)
{
    uint8_t *data = malloc(bytes.len == 0 ? 1 : bytes.len);

    if (data == NULL)
        stop(path, "no memory");
    if (bytes.len > 0)
        memcpy(data, bytes.ptr, bytes.len);
    /* Where the target ends the process, this is the last line. */
    printf("%s\n", path);
    fflush(stdout);
    (void)LLVMFuzzerTestOneInput(data, bytes.len);
    free(data);
    inputs++;
}

static void replay(const char *path);

static void replay_folder(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);

    if (count < 0)
        stop(path, strerror(errno));
    for (int i = 0; i < count; i++) {
        char inner[PATH_LEN_MAX];

        if (entries[i]->d_name[0] != '.') {
            snprintf(inner, sizeof inner, "%s/%s", path, entries[i]->d_name);
            replay(inner);
        }
        free(entries[i]);
    }
    free(entries);
}

static void replay(const char *path)
{
    struct buf bytes;
    struct stat sb;

    if (stat(path, &sb) != 0)
        stop(path, strerror(errno));
    if (S_ISDIR(sb.st_mode)) {
        replay_folder(path);
        return;
    }
    buf_init(&bytes, FUZZ_BUF_MAX);
    if (file_slurp(AT_FDCWD, path, &bytes) != 0)
        stop(path, strerror(errno));
    give(path, buf_str(&bytes));
    buf_free(&bytes);
}

/* As Automake's driver starts it: in the build folder, with srcdir set. */
static void replay_corpus(const char *program)
{
    const char *source = getenv("srcdir");
    const char *name = strstr(program, PROGRAM_PREFIX);
    char path[PATH_LEN_MAX];

    if (name == NULL)
        stop(program, "this is not called " PROGRAM_PREFIX "TARGET");
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", source == NULL ? "." : source,
             name + sizeof PROGRAM_PREFIX - 1);
    replay(path);
}

int main(int argc, char **argv)
{
    if (argc == 1)
        replay_corpus(argv[0]);
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    if (inputs == 0)
        stop(argv[0], "there is no input");
    printf("%zu inputs\n", inputs);
    return EXIT_SUCCESS;
}
