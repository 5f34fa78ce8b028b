/* SPDX-License-Identifier: MIT
 * stenohook.fcgi - the gateway: receives webhooks as a CGI or as a FastCGI program, whichever way
 * it was started.
 *
 * The arguments are never looked at: Apache makes them of a query string without "=", so they are
 * the sender's.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "gate/gate.h"

int main(void)
{
    if (!file_hold(STDERR_FILENO))
        return EXIT_FAILURE;
    umask(077);
    return gate_run();
}
