import type { IncomingMessage } from "node:http"
import { buffer } from "node:stream/consumers"
import { createGunzip } from "node:zlib"

/** A statement from ClickHouse's HTTP interface. */
export interface HttpStatement {
  readonly text: string
  /** Rows of an INSERT, in the format of its text. */
  readonly data: Buffer
  /** Values in ClickHouse's escaped text format. */
  readonly parameters: ReadonlyMap<string, string>
  readonly settings: ReadonlyMap<string, string>
  readonly format: string
  readonly login: { readonly user: string; readonly password: string }
}

/** Parameters of the interface, and settings that need a server: neither reaches the engine. */
const notSettings =
  /^(query|query_id|database|user|password|session_.*|default_format|enable_http_compression|wait_end_of_query|role|async_insert.*|wait_for_async_insert)$/

const loginOf = (request: IncomingMessage, search: URLSearchParams) => {
  const [scheme, encoded = ""] = (request.headers.authorization ?? "").split(" ")
  const [user = "", ...password] = Buffer.from(encoded, "base64").toString().split(":")
  return scheme === "Basic"
    ? { user, password: password.join(":") }
    : { user: search.get("user") ?? "default", password: search.get("password") ?? "" }
}

/** Long parameters are sent as a form with the statement. */
const formOf = async (request: IncomingMessage, body: Buffer): Promise<ReadonlyMap<string, string>> => {
  const contentType = request.headers["content-type"] ?? ""
  if (!contentType.startsWith("multipart/form-data")) return new Map()
  const form = await new Response(new Uint8Array(body), { headers: { "content-type": contentType } }).formData()
  return new Map([...form].flatMap(([name, value]) => (typeof value === "string" ? [[name, value] as const] : [])))
}

export const readStatement = async (request: IncomingMessage): Promise<HttpStatement> => {
  const { searchParams } = new URL(request.url ?? "/", "http://engine")
  const isCompressed = request.headers["content-encoding"] === "gzip"
  const body = await buffer(isCompressed ? request.pipe(createGunzip()) : request)
  const form = await formOf(request, body)
  const given = [...searchParams, ...form]
  const inAddress = form.get("query") ?? searchParams.get("query")
  const text = (inAddress ?? body.toString()).trim().replace(/;$/, "")
  const [withFormat = "", format] = /\sFORMAT\s+(\w+)$/i.exec(text) ?? []
  const isInsert = /^INSERT\s/i.test(text)
  return {
    text: isInsert || withFormat === "" ? text : text.slice(0, -withFormat.length),
    data: isInsert && inAddress !== null ? body : Buffer.alloc(0),
    parameters: new Map(given.flatMap(([name, value]) => (name.startsWith("param_") ? [[name, value] as const] : []))),
    settings: new Map(given.filter(([name]) => !name.startsWith("param_") && !notSettings.test(name))),
    format: format ?? searchParams.get("default_format") ?? "TabSeparated",
    login: loginOf(request, searchParams)
  }
}
