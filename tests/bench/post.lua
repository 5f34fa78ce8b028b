-- SPDX-License-Identifier: MIT
-- post - for wrk: deliveries of 77 bytes, each with an id of its own. STENOHOOK_RUN makes the ids of one run unlike those
-- of every other. At the end one line of JSON says how many were sent, and what was answered. One thread only.

local run = assert(os.getenv("STENOHOOK_RUN"), "STENOHOOK_RUN is not set")
local secret = assert(os.getenv("STENOHOOK_SECRET"), "STENOHOOK_SECRET is not set")
local workers = {}
count = 0 -- of its thread; global, as done() asks for it

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Webhook-Secret"] = secret

function request()
    count = count + 1
    return wrk.format(nil, nil, nil,
        string.format('{"transcript_id":"%s-0000-4000-8000-%012x","status":"completed"}', run, count))
end

function setup(thread)
    table.insert(workers, thread)
end

function done(summary, latency, requests)
    local e, sent = summary.errors, 0
    for _, thread in ipairs(workers) do
        sent = sent + thread:get("count")
    end
    io.write(string.format(
        '\nRESULT {"sent":%d,"requests":%d,"seconds":%.6f,"p50_us":%d,"p99_us":%d,"status":%d,"socket":%d}\n',
        sent, summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), e.status,
        e.connect + e.read + e.write + e.timeout))
end
