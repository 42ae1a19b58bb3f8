# The routes of operated.js that Rack can have without hijacking.
run lambda { |env|
  if env["REQUEST_METHOD"] == "POST"
    body = "#{env["rack.input"].read.bytesize}\n"
  else
    loop {} if env["PATH_INFO"] == "/hang"
    body = "Hello, world\n"
  end
  [200, { "content-type" => "text/plain; charset=utf-8", "content-length" => body.bytesize.to_s }, [body]]
}
