// operated.js as a program: PORT is the port.
import { server } from './operated.js';

server.listen(Number(process.env.PORT), '127.0.0.1');
