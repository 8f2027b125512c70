-- wrk: install events from 20,000 different machines, made before the clock runs.
local requests, at = {}, 0
local labels = { "install_start", "install_complete", "install_failed" }
local platforms = { "linux-x86_64", "linux-aarch64", "macos-aarch64", "windows-x86_64" }

local function body(i)
    local cid = string.format("%08x-%04x-4%03x-8%03x-%012x", math.random(0, 0x7fffffff), math.random(0, 0xffff),
        math.random(0, 0xfff), math.random(0, 0xfff), math.random(0, 0x7fffffff))
    return string.format('{"event_label":"%s","os":"linux","arch":"x86_64","platform":"%s","release":"v1.%d.0",'
        .. '"method":"shell","cid":"%s"}', labels[i % 3 + 1], platforms[i % 4 + 1], i % 5, cid)
end

function init(args)
    math.randomseed(tonumber(args[1]) or 1)
    local headers = { ["Content-Type"] = "application/json" }
    for i = 1, 20000 do
        requests[i] = wrk.format("POST", nil, headers, body(i))
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end
