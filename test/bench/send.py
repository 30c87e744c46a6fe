"""Sends records of netconsole's extended format over loopback: send.py PORT SECONDS RATE. RATE 0: as fast as it goes.
Prints how many it sent."""

import socket
import sys
import time

port, seconds, rate = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.connect(("127.0.0.1", port))
text = b"usb 1-1: new high-speed USB device number 7 using xhci_hcd, which is a line of about a hundred bytes"
sent = 0
begun = time.monotonic()
while True:
    elapsed = time.monotonic() - begun
    if elapsed >= seconds:
        break
    # A millisecond's worth at a time, or as many as are due.
    due = int(elapsed * rate) + 1 if rate else sent + 1000
    while sent < due:
        try:
            sender.send(b"6,%d,%d,-;%s\n" % (sent, sent * 10, text))
        except OSError:
            pass
        sent += 1
    if rate:
        time.sleep(0.0005)
print(sent)
