/* SPDX-License-Identifier: MIT
 * stenohook-remote - the verbs that speak HTTP as a client.
 */
#include "remote/remote_verbs.h"

int main(int argc, char **argv)
{
    return command_main(&remote_program, argc, argv);
}
