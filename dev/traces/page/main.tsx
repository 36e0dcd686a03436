import { render } from "preact"
import { RefreshButton, RefreshProvider } from "../../../src/console/page/ui/resource.tsx"
import { Router, useRoute } from "../../../src/console/page/ui/route.tsx"
import { Shell } from "../../../src/console/page/ui/Shell.tsx"
import { TraceList } from "./TraceList.tsx"
import { TraceView } from "./TraceView.tsx"

/** `#/` is the list, `#/<trace id>` a trace. */
const Content = () => {
  const { path } = useRoute()
  const traceId = path.slice(1)
  return traceId === "" ? <TraceList /> : <TraceView key={traceId} traceId={traceId} />
}

const host = document.querySelector("#page")
if (host !== null) {
  render(
    <RefreshProvider>
      <Router mode="hash">
        <Shell brand="Traces in development" aside={<RefreshButton />}>
          <Content />
        </Shell>
      </Router>
    </RefreshProvider>,
    host
  )
}
