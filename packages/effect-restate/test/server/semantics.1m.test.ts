import { layer } from "@effect/vitest"
import { semantics } from "../suite/semantics.ts"
import { besideEachOther, probedServer, serverHost } from "./serverHost.ts"

layer(probedServer("1 minute"), { excludeTestServices: true, timeout: "1 minute" })(
  "a server that keeps attempts open",
  (it) => {
    it.layer(serverHost("Explicit", false))("explicit cancellation", besideEachOther(semantics))
    it.layer(serverHost("Implicit", false))("implicit cancellation", besideEachOther(semantics))
  }
)
