-- Sends the requests that sign.py wrote, each wrk thread its own share of them, round and round.
-- Arguments: the file, the requests of a thread, the bytes of a request.
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(args)
    local file = assert(io.open(args[1], "rb"))
    local share, bytes = tonumber(args[2]), tonumber(args[3])
    file:seek("set", number * share * bytes)
    requests = {}
    for i = 1, share do requests[i] = file:read(bytes) end
    file:close()
    count = share
    place = 0
end

function request()
    place = place % count + 1
    return requests[place]
end
