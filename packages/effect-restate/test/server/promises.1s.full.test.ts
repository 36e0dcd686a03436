import { layer } from "@effect/vitest"
import { cancellationGuarantees } from "../suite/cancellation.ts"
import { sagaGuarantees } from "../suite/sagas.ts"
import { besideEachOther, probedServerOnPromises, serverHost } from "./serverHost.ts"
import { suspendedGuarantees } from "./suspended.ts"

// Long waits suspend and short ones do not: each test crosses from one to the other at some other place.
layer(probedServerOnPromises("1 second"), { excludeTestServices: true, timeout: "1 minute" })(
  "on the SDK's promises, a server that suspends after a second",
  (it) => {
    it.layer(serverHost("Explicit", false))(
      "explicit cancellation",
      besideEachOther((it) => {
        sagaGuarantees(it)
        cancellationGuarantees(it)
        suspendedGuarantees(it)
      })
    )
    it.layer(serverHost("Implicit", false))(
      "implicit cancellation",
      besideEachOther((it) => {
        sagaGuarantees(it)
        cancellationGuarantees(it)
        suspendedGuarantees(it)
      })
    )
  }
)
