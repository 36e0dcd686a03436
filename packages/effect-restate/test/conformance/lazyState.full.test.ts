import { layer } from "@effect/vitest"
import { sleeps } from "./cases/sleeps.ts"
import { state } from "./cases/state.ts"
import { deployment } from "./Deployment.ts"

const lazyState = { RESTATE_WORKER__INVOKER__DISABLE_EAGER_STATE: "true" }
const persistedTimers = { RESTATE_WORKER__NUM_TIMERS_IN_MEMORY_LIMIT: "1" }

// The suites `lazyState` and `persistedTimers` of restatedev/e2e sdk-tests, on one server.
layer(deployment({ env: { ...lazyState, ...persistedTimers } }), { excludeTestServices: true, timeout: "1 minute" })(
  "conformance, lazyState and persistedTimers",
  (it) => {
    state(it)
    sleeps(it)
  }
)

// The suite `lazyStateAlwaysSuspending`.
layer(deployment({ inactivityTimeout: 0, env: lazyState }), { excludeTestServices: true, timeout: "1 minute" })(
  "conformance, lazyStateAlwaysSuspending",
  (it) => {
    state(it)
  }
)
