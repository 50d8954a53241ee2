-- Every request is another message: its webhook-id is made of the run's number, the thread's and a count.
local threads = 0

function setup(thread)
   thread:set("number", threads)
   threads = threads + 1
end

function init(arguments)
   prefix = string.format("POST / HTTP/1.1\r\nhost: receiver\r\nwebhook-id: evt_%08x%08x", tonumber(arguments[1]), number)
   rest = "\r\ncontent-type: application/json\r\ncontent-length: 512\r\n\r\n" .. string.rep("x", 512)
   count = 0
end

function request()
   count = count + 1
   return prefix .. string.format("%016x", count) .. rest
end
