-- SPDX-License-Identifier: MIT
-- post - for wrk: deliveries of 77 bytes, each with an id of its own. BENCH_RUN makes the ids of one run unlike those of
-- every other; BENCH_CLOSE asks for a connection per delivery. At the end one line of JSON says how many were sent, and what
-- was answered. One thread only.

local run = assert(os.getenv("BENCH_RUN"), "BENCH_RUN is not set")
local secret = assert(os.getenv("BENCH_SECRET"), "BENCH_SECRET is not set")
local workers = {}
count = 0 -- of its thread; global, as done() asks for it

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["X-Webhook-Secret"] = secret
if os.getenv("BENCH_CLOSE") then
    wrk.headers["Connection"] = "close"
end

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
