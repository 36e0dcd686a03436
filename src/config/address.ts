import { isIP } from "node:net"

const loopbackV4 = /^127\./
const loopbackV6: ReadonlySet<string> = new Set(["::1", "0:0:0:0:0:0:0:1"])

/** Whether this host is the local machine: RFC 1122 3.2.1.3, RFC 4291 2.5.3 and the names of RFC 6761 6.3. */
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

/** Local sockets: the part after the scheme is a file name. */
const fileScheme = /^(unix|docker|file):\/\//i

/**
 * A text that is safe to log. Of an address only scheme, host and port remain: user, path, query and fragment may be
 * secrets; `/…` and `?…` mark a path or query. Other texts are unchanged.
 */
export const printable = (text: string): string => {
  if (!scheme.test(text) || fileScheme.test(text)) return text
  const url = URL.parse(text)
  if (url === null || url.host === "") return `${scheme.exec(text)?.[0] ?? ""}…`
  const path = ["", "/"].includes(url.pathname) ? "" : "/…"
  return `${url.protocol}//${url.host}${path}${url.search === "" ? "" : "?…"}`
}
