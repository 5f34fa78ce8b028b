/* SPDX-License-Identifier: MIT
 * stenohook - the command line.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/command.h"
#include "admin/print.h"

/* A descriptor that is closed at the start would be given to the next file that is opened: what is
 * printed would end up in that file. */
static bool hold_descriptors(void)
{
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
        if (fd < 0)
            return false;
    } while (fd <= STDERR_FILENO);
    close(fd);
    return true;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    enum status status;

    if (!hold_descriptors())
        return status_exit(STATUS_IO);
    /* A web server that was pointed at this program must not hand its visitors a command line: a
     * query string without
     * "=" becomes the arguments of a CGI program (RFC 3875 section 4.4). */
    if (getenv("REQUEST_METHOD") != NULL || getenv("GATEWAY_INTERFACE") != NULL) {
        fputs("stenohook: this is the command line, not the gateway: point the web server at "
              "stenohook.fcgi\n",
              stderr);
        return status_exit(STATUS_USAGE);
    }
    /* A reader that has seen enough is told as a failed write. */
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    status = command_main(argc, argv, &err);
    if (status != STATUS_OK && err.text[0] != '\0')
        print_error(&err);
    return status_exit(status);
}
