<?php
// SPDX-License-Identifier: MIT
// hook - what a user of PHP would write: the secret, the JSON, and a line appended under a lock, as flock()'s manual has it.
// BENCH_SYNC: "" does not sync, "locked" syncs before the lock is given back, "shared" after it, so that syncs overlap.

function answer(int $code, array $what): never {
    http_response_code($code);
    header('Content-Type: application/json');
    exit(json_encode($what) . "\n");
}

if (!hash_equals(getenv('BENCH_SECRET'), $_SERVER['HTTP_X_WEBHOOK_SECRET'] ?? ''))
    answer(401, ['error' => 'wrong secret']);
$event = json_decode(file_get_contents('php://input'), true);
if (!isset($event['transcript_id']))
    answer(400, ['error' => 'no transcript']);

$sync = getenv('BENCH_SYNC');
$line = json_encode($event) . "\n";
$file = fopen(getenv('BENCH_FILE'), 'a');
$done = $file && flock($file, LOCK_EX) && fwrite($file, $line) === strlen($line)
    && ($sync !== 'locked' || fdatasync($file)) && flock($file, LOCK_UN) && ($sync !== 'shared' || fdatasync($file));
answer($done ? 200 : 503, ['recorded' => $done]);
