import { layer } from "@effect/vitest"
import { fidelityGuarantees } from "../suite/fidelity.ts"
import { semantics } from "../suite/semantics.ts"
import { stateGuarantees } from "../suite/state.ts"
import { besideEachOther, probedServer, serverHost } from "./serverHost.ts"

layer(probedServer("0 millis"), { excludeTestServices: true, timeout: "1 minute" })(
  "a server that suspends at every wait",
  (it) => {
    it.layer(serverHost("Explicit", true))("explicit cancellation", besideEachOther(semantics))
    it.layer(serverHost("Implicit", true))("implicit cancellation", besideEachOther(semantics))
    it.layer(serverHost("Lazy", true))(
      "state that is asked for when it is read",
      besideEachOther((it) => {
        stateGuarantees(it)
        fidelityGuarantees(it)
      })
    )
  }
)
