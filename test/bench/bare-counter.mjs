// What a socket of Node.js alone takes in: counts datagrams until SIGTERM, then prints how many there were.
import { createSocket } from 'node:dgram';

let count = 0;
const socket = createSocket('udp4', () => (count += 1));
socket.bind(0, '127.0.0.1', () => console.log(`Listening on 127.0.0.1 port ${socket.address().port}.`));
process.on('SIGTERM', () => {
  console.log(count);
  process.exit();
});
