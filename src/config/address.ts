import { isIP } from "node:net"

const loopbackV4 = /^127\./
const loopbackV6: ReadonlySet<string> = new Set(["::1", "0:0:0:0:0:0:0:1"])

/** Whether what is sent to this host stays on this machine: RFC 1122 3.2.1.3, RFC 4291 2.5.3 and the names of RFC 6761 6.3. */
export const isLoopback = (host: string): boolean => {
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase()
  switch (isIP(name)) {
    case 4:
      return loopbackV4.test(name)
    case 6:
      return loopbackV6.has(name) || /^::ffff:127\./.test(name)
    default:
      return /^(.+\.)?localhost\.?$/.test(name)
  }
}

const scheme = /^[a-z][a-z0-9+.-]*:\/\//i

/** Sockets of this machine: what follows the scheme is the name of a file. */
const fileScheme = /^(unix|docker|file):\/\//i

/**
 * A text as it may be shown to a reader of logs. Of an address only scheme, host and port: user, path, query and
 * fragment may be secrets; `/…` and `?…` say that there is one. Anything that is no address is left as it is.
 */
export const printable = (text: string): string => {
  if (!scheme.test(text) || fileScheme.test(text)) return text
  const url = URL.parse(text)
  if (url === null || url.host === "") return `${scheme.exec(text)?.[0] ?? ""}…`
  const path = ["", "/"].includes(url.pathname) ? "" : "/…"
  return `${url.protocol}//${url.host}${path}${url.search === "" ? "" : "?…"}`
}
