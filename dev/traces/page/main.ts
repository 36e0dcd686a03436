import { element } from "./element.ts"
import { listView } from "./listView.ts"
import { traceView } from "./traceView.ts"

const page = document.querySelector("#page")

const failure = (reason: unknown): HTMLElement =>
  element("p", {
    class: "empty",
    text: `The collector cannot be reached: ${String(reason)}. Does the stack still run?`
  })

/** `#/` is the list, `#/<trace id>` a trace. */
const show = async (): Promise<void> => {
  const route = location.hash
  const traceId = route.replace(/^#\/?/, "")
  const view = await (traceId === "" ? listView() : traceView(traceId)).catch(failure)
  // A later click wants the later one.
  if (location.hash === route) page?.replaceChildren(view)
}

window.addEventListener("hashchange", () => void show())
void show()
