#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# hook_cgi - what a user of Perl would write for CGI: the secret, the JSON, and a line appended with a sync.
use strict;
use warnings;
use Fcntl qw(O_WRONLY O_CREAT O_APPEND);
use IO::Handle;
use JSON::XS;

sub answer {
    my ($status, $what) = @_;
    print "Status: $status\r\nContent-Type: application/json\r\n\r\n", encode_json($what), "\n";
    exit 0;
}

my $body = '';
read STDIN, $body, $ENV{CONTENT_LENGTH} || 0;
answer('401 Unauthorized', { error => 'wrong secret' })
    if ($ENV{HTTP_X_WEBHOOK_SECRET} // '') ne $ENV{BENCH_SECRET};
my $event = eval { decode_json($body) };
answer('400 Bad Request', { error => 'no transcript' })
    if ref $event ne 'HASH' || !defined $event->{transcript_id};
my $line = encode_json($event) . "\n";
my $file;
my $done = sysopen($file, $ENV{BENCH_FILE}, O_WRONLY | O_CREAT | O_APPEND, 0600)
    && syswrite($file, $line) == length $line && $file->sync;
answer($done ? '200 OK' : '503 Service Unavailable', { recorded => $done ? \1 : \0 });
