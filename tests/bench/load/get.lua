-- GET of a random one of COUNT configs. Arguments: the path before the number, COUNT, the token, and a file with one
-- ETag per config, where a 304 is wanted.

dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "common.lua")

function init(args)
   local count, etags = tonumber(args[2]), {}
   local head = "GET " .. args[1]
   local tail = ".json HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer " .. args[3]

   seed_random()
   if not args[4] then
      tail = tail .. "\r\n\r\n"
      request = function()
         return head .. string.format("%06d", math.random(0, count - 1)) .. tail
      end
      return
   end

   for line in io.lines(args[4]) do
      etags[#etags + 1] = line
   end
   assert(#etags == count, "one ETag per config is wanted")
   tail = tail .. "\r\nIf-None-Match: "
   request = function()
      local i = math.random(0, count - 1)
      return head .. string.format("%06d", i) .. tail .. etags[i + 1] .. "\r\n\r\n"
   end
end
