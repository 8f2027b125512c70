-- wrk: install events, each from a machine of its own; most of a body is made before the clock runs.
local hex = {}
for i = 0, 65535 do
    hex[i] = string.format("%04x", i)
end
local labels = { "install_start", "install_complete", "install_failed" }
local platforms = { "linux-x86_64", "linux-aarch64", "macos-aarch64", "windows-x86_64" }
local heads, at = {}, 0

function init(args)
    math.randomseed(tonumber(args[1]) or os.time())
    local headers = { ["Content-Type"] = "application/json" }
    for i = 1, 60 do
        local body = string.format('{"event_label":"%s","os":"linux","arch":"x86_64","platform":"%s","release":"v1.%d.0",'
            .. '"method":"shell","cid":"9b7f0ee2-0a5a-4bda-8f1a-3a9d53f1b3e7"}', labels[i % 3 + 1], platforms[i % 4 + 1], i % 5)
        local whole = wrk.format("POST", nil, headers, body)
        heads[i] = whole:sub(1, #whole - 38)
    end
end

function request()
    at = at % #heads + 1
    local r = math.random
    return heads[at] .. hex[r(0, 65535)] .. hex[r(0, 65535)] .. "-" .. hex[r(0, 65535)] .. "-4" .. hex[r(0, 65535)]:sub(2)
        .. "-8" .. hex[r(0, 65535)]:sub(2) .. "-" .. hex[r(0, 65535)] .. hex[r(0, 65535)] .. hex[r(0, 65535)] .. '"}'
end
