import { Either } from "effect"
import { fullUrl } from "./httpAddresses.ts"
import type { Kind } from "./Setting.ts"

const place = "{trace_id}"

/**
 * An address that is shown, not called: `https://grafana.example.com/explore?trace={trace_id}`. It may have a fragment, which
 * some trace UIs take the id from.
 */
export const traceUrl: Kind<string> = {
  native: "string",
  accepts: `an http:// or https:// address with ${place}`,
  decode: (value) =>
    value.includes(place)
      ? Either.map(fullUrl("nothing secret").decode(value.replaceAll(place, "0").replace(/#.*$/, "")), () =>
          value.trim()
        )
      : Either.left(`expected an address with ${place}`),
  sends: "nothing secret"
}
