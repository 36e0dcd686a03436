import { layer } from "@effect/vitest"
import { semantics } from "../suite/semantics.ts"
import { besideEachOther, probedServerOnPromises, serverHost } from "./serverHost.ts"

layer(probedServerOnPromises("0 millis"), { excludeTestServices: true, timeout: "1 minute" })(
  "on the SDK's promises, a server that suspends at every wait",
  (it) => {
    it.layer(serverHost("Explicit", true))("explicit cancellation", besideEachOther(semantics))
    it.layer(serverHost("Implicit", true))("implicit cancellation", besideEachOther(semantics))
  }
)
