-- PUT of a content that was never there before, to a random one of COUNT configs, published. Arguments: the path before
-- the number, COUNT, the token, a file with the body, in which "@@SEQUENCE@@" stands for the number of the request, and
-- a number of the run, so that two runs never send the same content. One thread only.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "common.lua")

function init(args)
   local count, body, run = tonumber(args[2]), read_all(args[4]), tonumber(args[5])
   local before, after = split(body, "@@SEQUENCE@@")
   local head = "PUT " .. args[1]
   local tail = ".json HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: " .. #body
      .. "\r\nAuthorization: Bearer " .. args[3] .. "\r\n\r\n" .. before
   local n = 0

   seed_random()
   request = function()
      n = n + 1
      return head .. string.format("%06d", math.random(0, count - 1)) .. tail .. string.format("%04d%08d", run, n)
         .. after
   end
end
