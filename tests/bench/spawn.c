/* SPDX-License-Identifier: MIT
 * spawn - the least that running programs can cost: `spawn PROGRAM COUNT WIDTH` has it run COUNT
 * times, WIDTH at once, and prints the seconds. The runner of hooks is measured against it.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

int main(int argc, char **argv)
{
    char *empty[] = {NULL};
    struct timespec begun, ended;
    unsigned long count, width, started = 0, running = 0;
    int status;

    if (argc != 4) {
        fputs("usage: spawn PROGRAM COUNT WIDTH\n", stderr);
        return 2;
    }
    count = strtoul(argv[2], NULL, 10);
    width = strtoul(argv[3], NULL, 10);
    clock_gettime(CLOCK_MONOTONIC, &begun);
    while (started < count || running > 0) {
        if (started < count && running < width) {
            char *program[] = {argv[1], NULL};
            pid_t pid;

            if (posix_spawn(&pid, argv[1], NULL, NULL, program, empty) != 0)
                return 1;
            started++;
            running++;
        } else if (wait(&status) < 0 || status != 0) {
            return 1;
        } else {
            running--;
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%.6f\n",
           (double)(ended.tv_sec - begun.tv_sec) + (double)(ended.tv_nsec - begun.tv_nsec) / 1e9);
    return 0;
}
