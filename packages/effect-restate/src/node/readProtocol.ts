import type * as net from "node:net"

/** First bytes of HTTP/2 with prior knowledge (RFC 9113, section 3.4). `POST` and `PUT` share the first one. */
const http2Preface = "PRI"

/** Tells the protocol by its first bytes, which are read again after that. */
export const readProtocol = (socket: net.Socket, found: (isHttp2: boolean) => void): void => {
  let read = Buffer.alloc(0)
  const readMore = (): void => {
    const chunk: unknown = socket.read()
    if (Buffer.isBuffer(chunk)) read = Buffer.concat([read, chunk])
    const isHttp2 = http2Preface.startsWith(read.toString("latin1", 0, http2Preface.length))
    if (read.length < http2Preface.length && isHttp2) {
      socket.once("readable", readMore)
      return
    }
    socket.unshift(read)
    found(isHttp2)
  }
  socket.once("readable", readMore)
}
