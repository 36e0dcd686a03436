import { layer } from "@effect/vitest"
import { semantics } from "../suite/semantics.ts"
import { besideEachOther, probedServerOnPromises, serverHost } from "./serverHost.ts"

layer(probedServerOnPromises("1 minute"), { excludeTestServices: true, timeout: "1 minute" })(
  "on the SDK's promises, a server that keeps attempts open",
  (it) => {
    it.layer(serverHost("Explicit", false))("explicit cancellation", besideEachOther(semantics))
    it.layer(serverHost("Implicit", false))("implicit cancellation", besideEachOther(semantics))
  }
)
