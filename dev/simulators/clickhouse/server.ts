import { createServer, type ServerResponse } from "node:http"
import { parseArgs } from "node:util"
import { type Answer, Engine } from "./Engine.ts"
import { type HttpStatement, readStatement } from "./HttpStatement.ts"

/**
 * ClickHouse's engine behind its HTTP interface, for machines without a server. Real: parser, analyser, tables, queries,
 * parameters, errors. Missing: user storage (statements on users are checked and then discarded, so nothing is enforced),
 * asynchronous inserts, and concurrent statements.
 */
const { values } = parseArgs({
  options: {
    port: { type: "string" },
    folder: { type: "string" },
    /** Comma-separated workspace users that statements may name. */
    users: { type: "string", default: "" },
    /** JSON: the limits of the engine's user. */
    limits: { type: "string", default: "[]" }
  }
})
const password = process.env.CLICKHOUSE_PASSWORD ?? ""

/** Larger than the arrays of a page, which may be part of the URL. */
const maxHeaderSize = 1024 * 1024

const engine = new Engine({
  folder: values.folder ?? "",
  users: values.users.split(",").filter((name) => name !== ""),
  limits: JSON.parse(values.limits)
})

const authenticationFailed: Answer = {
  ok: false,
  code: 516,
  message: "Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)"
}

const answerTo = (statement: HttpStatement): Promise<Answer> =>
  statement.login.user === "default" && statement.login.password === password
    ? engine.run(statement)
    : Promise.resolve(authenticationFailed)

const statusOf = (code: number): number => {
  if (code === 516 || code === 497) return 403
  return code === 60 || code === 81 ? 404 : 400
}

const respond = (response: ServerResponse, answer: Answer): void => {
  if (answer.ok) {
    response.writeHead(200, { "content-type": "application/json; charset=UTF-8" }).end(answer.body)
  } else {
    response
      .writeHead(statusOf(answer.code), { "x-clickhouse-exception-code": String(answer.code) })
      .end(`${answer.message}\n`)
  }
}

const server = createServer({ maxHeaderSize }, (request, response) => {
  if (request.method === "GET" && request.url === "/ping") {
    response.end("Ok.\n")
    return
  }
  readStatement(request)
    .then(answerTo)
    .then(
      (answer) => respond(response, answer),
      // A body that is not a valid form or gzip.
      () => response.writeHead(400).end()
    )
})

process.once("SIGTERM", () => {
  server.close()
  server.closeAllConnections()
  engine.close()
  process.exit(0)
})

server.listen(Number(values.port), "127.0.0.1")
