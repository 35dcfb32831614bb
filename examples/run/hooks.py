"""A web service that takes orders: python3 hooks.py [PORT]"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Orders(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        order = self.rfile.read(int(self.headers.get("content-length", 0)))
        receipt = b"taken: " + order
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(receipt)))
        self.end_headers()
        self.wfile.write(receipt)


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8000), Orders)
print(f"listening on {server.server_address[0]}:{server.server_address[1]}", flush=True)
server.serve_forever()
