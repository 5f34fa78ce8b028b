// SPDX-License-Identifier: MIT
// hook PORT - what a user of Node would write: the secret, the JSON, and appendFile with flush, which is an fsync (Node 20.10).
'use strict';
const fs = require('node:fs/promises');
const http = require('node:http');
const { timingSafeEqual } = require('node:crypto');

const secret = Buffer.from(process.env.BENCH_SECRET);
const path = process.env.BENCH_FILE;

function answer(response, code, what) {
    response.writeHead(code, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(what) + '\n');
}

function isRight(text) {
    const given = Buffer.from(text ?? '');
    return given.length === secret.length && timingSafeEqual(given, secret);
}

async function record(response, body) {
    let event;
    try {
        event = JSON.parse(body);
    } catch {
        return answer(response, 400, { error: 'no JSON' });
    }
    if (event?.transcript_id === undefined)
        return answer(response, 400, { error: 'no transcript' });
    try {
        await fs.appendFile(path, JSON.stringify(event) + '\n', { flush: true });
        answer(response, 200, { recorded: true });
    } catch {
        answer(response, 503, { recorded: false });
    }
}

const server = http.createServer((request, response) => {
    if (!isRight(request.headers['x-webhook-secret']))
        return answer(response, 401, { error: 'wrong secret' });
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (piece) => { body += piece; });
    request.on('end', () => record(response, body));
});
server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 1024 });
