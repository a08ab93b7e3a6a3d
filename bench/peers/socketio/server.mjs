// socket.io as a plain fan-out server: whatever one client publishes, everybody gets. No compression, WebSocket only.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, httpCompression: false, serveClient: false });
io.on("connection", (socket) => socket.on("pub", (message) => io.emit("m", message)));
http.listen(Number(process.argv[2]), "127.0.0.1", 4096);
