import { Effect } from "effect"
import { paint } from "../demo/terminal.ts"
import { type Published, publishAddresses } from "./AddressFile.ts"

/** Addresses that are opened in a browser, by their names in the address file; they are shown first. */
const pages: Readonly<Record<string, string>> = { console: "console", ui: "Restate UI", traces: "traces" }

/** All addresses, those for people first. */
export const addressLines = (addresses: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  const forPeople = Object.entries(pages).flatMap(([name, title]): ReadonlyArray<readonly [string, string]> => {
    const url = addresses[name]
    return url === undefined ? [] : [[title, url]]
  })
  const others = Object.entries(addresses).filter(([name]) => !(name in pages))
  const width = Math.max(...[...forPeople, ...others].map(([name]) => name.length))
  const lines = (entries: typeof forPeople) => entries.map(([name, url]) => `  ${name.padEnd(width)} ${url}`)
  return [
    ...(forPeople.length === 0 ? [] : [paint("bold", "In the browser:"), ...lines(forPeople)]),
    paint("bold", "For programs, also in .dev/stack.json:"),
    ...lines(others)
  ]
}

/** Logs and publishes all addresses, and keeps the stack running until interrupted. */
export const stayUp = Effect.fnUntraced(function* (published: Published) {
  yield* publishAddresses(published)
  yield* Effect.forEach(addressLines(published.addresses), (line) => Effect.logInfo(line))
  yield* Effect.logInfo("Everything is up. Ctrl-C ends all of it.")
})
