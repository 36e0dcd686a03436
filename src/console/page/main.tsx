import { render } from "preact"
import { App } from "./App.tsx"
import { RefreshProvider } from "./ui/resource.tsx"
import { Router } from "./ui/route.tsx"

const host = document.querySelector("#page")
if (host !== null) {
  render(
    <RefreshProvider>
      <Router mode="path">
        <App />
      </Router>
    </RefreshProvider>,
    host
  )
}
