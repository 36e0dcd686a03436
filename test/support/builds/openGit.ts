import { createServer } from "node:http"
import { Effect, type Scope } from "effect"
import { onLoopback } from "../../../dev/stack/onLoopback.ts"

/** A git server that confirms every commit of every repository for a request with the token. */
export const openGit = (token: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function* () {
    const expected = `Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`
    const server = createServer((request, response) => {
      request.resume()
      response.statusCode = request.headers.authorization === expected ? 200 : 401
      response.end(request.method === "POST" ? "000dpackfile\n0000" : "")
    })
    const port = yield* onLoopback(server)
    return `http://127.0.0.1:${port}`
  })
