import { layer } from "@effect/vitest"
import { cancellation } from "./cases/cancellation.ts"
import { combinators } from "./cases/combinators.ts"
import { interpreter } from "./cases/interpreter.ts"
import { nonDeterminismErrors } from "./cases/nonDeterminismErrors.ts"
import { serverRestarts, sleepWithFailures } from "./cases/restarts.ts"
import { runFlush, runRetry } from "./cases/runs.ts"
import { serviceToService } from "./cases/serviceToService.ts"
import { signals } from "./cases/signals.ts"
import { sleeps } from "./cases/sleeps.ts"
import { state } from "./cases/state.ts"
import { userErrors } from "./cases/userErrors.ts"
import { workflowApi } from "./cases/workflowApi.ts"
import { deployment } from "./Deployment.ts"

// The suite `alwaysSuspending` of restatedev/e2e sdk-tests.
layer(deployment({ inactivityTimeout: 0 }), { excludeTestServices: true, timeout: "1 minute" })(
  "conformance, alwaysSuspending",
  (it) => {
    cancellation(it)
    combinators(it)
    interpreter(it)
    nonDeterminismErrors(it)
    runFlush(it)
    runRetry(it)
    serviceToService(it)
    signals(it)
    sleeps(it)
    state(it)
    userErrors(it)
    workflowApi(it)
    sleepWithFailures(it)
    serverRestarts(it)
  }
)
