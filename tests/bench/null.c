/* SPDX-License-Identifier: MIT
 * null - the least that a responder can do: reads the body, answers 200. What the web server,
 * libfcgi and the start of a process cost by themselves; the gateway is measured against it.
 *
 * FastCGI: `null [THREADS]` on a listening descriptor 0, accepting the way libfcgi does it.
 * Anything else: one CGI request.
 */
#include <fcgiapp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 1024
#define PIECE 16384

static const char reply[] = "Status: 200 OK\r\n"
                            "Content-Type: application/json\r\n"
                            "\r\n"
                            "{\"status\":\"accepted\",\"id\":\"1:100\",\"duplicate\":false}\n";

static void *serve(void *unused)
{
    FCGX_Request request;
    char piece[PIECE];

    (void)unused;
    FCGX_InitRequest(&request, 0, 0);
    while (FCGX_Accept_r(&request) >= 0) {
        while (FCGX_GetStr(piece, sizeof piece, request.in) > 0)
            ;
        FCGX_PutStr(reply, sizeof reply - 1, request.out);
        FCGX_Finish_r(&request);
    }
    return NULL;
}

static int serve_fastcgi(unsigned long threads)
{
    pthread_t ids[THREADS_MAX];

    if (threads < 1 || threads > THREADS_MAX) {
        fprintf(stderr, "null: 1 to %d threads\n", THREADS_MAX);
        return 2;
    }
    for (unsigned long i = 1; i < threads; i++)
        if (pthread_create(&ids[i], NULL, serve, NULL) != 0)
            return 1;
    serve(NULL);
    return 0;
}

static int serve_cgi(void)
{
    const char *text = getenv("CONTENT_LENGTH");
    unsigned long left = text == NULL ? 0 : strtoul(text, NULL, 10);
    char piece[PIECE];

    while (left > 0) {
        ssize_t n = read(0, piece, left < sizeof piece ? left : sizeof piece);

        if (n <= 0)
            break;
        left -= (unsigned long)n;
    }
    return write(1, reply, sizeof reply - 1) == (ssize_t)sizeof reply - 1 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (FCGX_IsCGI())
        return serve_cgi();
    return serve_fastcgi(argc > 1 ? strtoul(argv[1], NULL, 10) : 1);
}
