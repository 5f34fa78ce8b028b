/* SPDX-License-Identifier: MIT
 * stenohook.fcgi - the gateway: receives webhooks as a CGI or as a FastCGI program, whichever way
 * it was started.
 *
 * The arguments are never looked at: Apache makes them of a query string without "=", so they are
 * the sender's.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gate/gate.h"

/* A segment that was opened as descriptor 1 would get our replies. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
            exit(EXIT_FAILURE);
}

int main(void)
{
    hold_standard_descriptors();
    umask(077);
    return gate_run();
}
